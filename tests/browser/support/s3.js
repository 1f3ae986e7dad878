// The board's S3 endpoint, asked as an operator's tools ask it.
// https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html

import { createHash, createHmac } from 'node:crypto';

const SCOPE = ['us-east-1', 's3', 'aws4_request'];
const SIGNED = 'host;x-amz-content-sha256;x-amz-date';

const sha256 = (text) => createHash('sha256').update(text).digest('hex');
const hmac = (key, text) => createHmac('sha256', key).update(text).digest();

/** Removes what is at `path`: `/bucket/key`. */
export const removeObject = (endpoint, path) => change(endpoint, path, { method: 'DELETE', status: 204 });

/** Puts bytes at `path`: `/bucket/key`. */
export const putObject = (endpoint, path, body, type) => change(endpoint, path, { method: 'PUT', status: 200, body, type });

async function change(endpoint, path, { method, status, body, type }) {
  const url = new URL(path, endpoint);
  const time = new Date().toISOString().replace(/[-:]|\.\d+/g, '');
  const headers = { 'x-amz-content-sha256': sha256(body ?? ''), 'x-amz-date': time };
  const named = `host:${url.host}\nx-amz-content-sha256:${headers['x-amz-content-sha256']}\nx-amz-date:${time}\n`;
  const scope = [time.slice(0, 8), ...SCOPE];
  const request = [method, url.pathname, '', named, SIGNED, headers['x-amz-content-sha256']].join('\n');
  const key = scope.reduce(hmac, 'AWS4corkboard-local');
  const signature = hmac(key, ['AWS4-HMAC-SHA256', time, scope.join('/'), sha256(request)].join('\n')).toString('hex');
  headers.Authorization = `AWS4-HMAC-SHA256 Credential=local/${scope.join('/')}, SignedHeaders=${SIGNED}, Signature=${signature}`;
  if (type) headers['Content-Type'] = type;
  const response = await fetch(url, { method, headers, body });
  if (response.status !== status) throw new Error(`${path} answered ${response.status}: ${await response.text()}`);
}
