// A program with all the processes that it starts: they end together, at the latest when this process does,
// however that comes about.

import { spawn } from 'node:child_process';
import { once } from 'node:events';

// `cat` ends when the pipe to it is closed, and nobody but this process holds the other end.
const TOGETHER = '{ "$@"; kill -KILL 0; } </dev/null & cat >/dev/null; kill -KILL 0';

/** `pipes`: how many further outputs the program has, from file descriptor 3 on. */
export function startFamily(program, parameters, { env = process.env, pipes = 0 } = {}) {
  const family = spawn('sh', ['-c', TOGETHER, 'sh', program, ...parameters], {
    env,
    stdio: ['pipe', 'ignore', 'ignore', ...Array(pipes).fill('pipe')],
    // A process group of its own, which is what the shell ends.
    detached: true,
  });
  const exit = once(family, 'exit');
  return {
    pipes: family.stdio.slice(3),
    async end() {
      family.stdin.destroy();
      await exit;
    },
  };
}
