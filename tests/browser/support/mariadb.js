// A private MariaDB server, which can be stopped and started again on the same port with its data.

import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { freePort } from './free-port.js';
import { SLOW_WITHIN_MS } from './patience.js';
import { eventually } from './visitor.js';

const run = promisify(execFile);

export class MariaDb {
  static async start() {
    const database = new MariaDb();
    database.directory = await mkdtemp(join(tmpdir(), 'corkboard-mariadb-'));
    database.port = await freePort();
    await run('mariadb-install-db', [
      '--no-defaults', `--datadir=${join(database.directory, 'data')}`, '--user=root',
      '--auth-root-authentication-method=normal', '--skip-test-db',
    ]);
    await database.start();
    await database.run('CREATE DATABASE board');
    return database;
  }

  get url() {
    return `mysql://root@127.0.0.1:${this.port}/board`;
  }

  run(statement) {
    const client = ['--no-defaults', '--host=127.0.0.1', `--port=${this.port}`, '--user=root'];
    return run('mariadb', [...client, `--execute=${statement}`]);
  }

  async start() {
    this.process = spawn(
      'mariadbd',
      [
        '--no-defaults', `--datadir=${join(this.directory, 'data')}`, `--socket=${join(this.directory, 'socket')}`,
        `--port=${this.port}`, '--bind-address=127.0.0.1', '--user=root', '--skip-name-resolve',
      ],
      { stdio: 'ignore' },
    );
    this.exit = once(this.process, 'exit');
    await eventually(() => this.run('SELECT 1'), SLOW_WITHIN_MS);
  }

  async stop() {
    this.process.kill('SIGKILL');
    await this.exit;
  }

  async remove() {
    await this.stop();
    await rm(this.directory, { recursive: true, force: true });
  }
}
