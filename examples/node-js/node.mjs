// A render node in plain Node.js (18.15 or newer), written from docs/node-protocol.md alone. The `flatrender` command draws for it.
import { spawn } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, statfs, writeFile } from 'node:fs/promises';
import { arch, cpus, freemem, hostname, loadavg, totalmem, type } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
const [server, tokenFile, folder = 'node-js-data', program = 'flatrender'] = process.argv.slice(2);
const ROUTES = { frame: 'frame-jobs', snapshot_job: 'snapshot-jobs', snapshot: 'snapshots' };
const ENDS = { canceled: ['canceled', 'canceled'], stopping: ['lost', 'node_stopping'], deadline: ['node', 'work_deadline'] };
const FATAL = ['boot_superseded', 'node_token_invalid', 'protocol_unsupported', 'node_not_found'].map((code) => `render.${code}`);
const bootId = randomUUID();
const sessions = new Map(); // lease id → what is being done under it
let terms, registering, order = 'work', leaving = false;
/** One call, again after growing pauses while the server is away; it registers again when the secret is not valid any more. */
async function call(where, message, { token, timeout = 20 } = {}) {
  for (let pause = 0.3; ; pause = Math.min(10, pause * 2)) {
    const bearer = token ?? terms.node_secret, headers = { 'Content-Type': 'application/json', Authorization: `Bearer ${bearer}` };
    const options = { method: 'POST', headers, body: JSON.stringify(message), signal: AbortSignal.timeout(timeout * 1000) };
    const answer = await fetch(`${server}/internal/${where}`, options).catch(() => null);
    const body = (await answer?.json().catch(() => null)) ?? {};
    if (answer?.ok) return answer.status === 204 ? null : body;
    if (body.code === 'render.node_unknown' && !token) {
      if (bearer === terms.node_secret) await (registering ??= register().finally(() => (registering = undefined)));
      continue;
    }
    const patient = !answer || answer.status >= 500 || [408, 425, 429].includes(answer.status) || body.code === 'concurrent_change';
    if (!patient) throw Object.assign(new Error(`${body.code} (${answer.status}): ${body.detail}`), { code: body.code });
    await sleep(1000 * Math.max(pause * (0.8 + 0.4 * Math.random()), Number(answer?.headers.get('Retry-After')) || 0));
  }
}

async function register() {
  const disk = await statfs(folder), nodeId = await readFile(path.join(folder, 'node-id'), 'utf8').catch(() => null);
  terms = await call('nodes/register', {
    protocol: 3, node_id: nodeId, name: `${hostname()} js`, boot_id: bootId, agent_version: 'node-js 1', os: `${type()} ${arch()}`,
    engines: { thorvg: 'flatrender' }, max_slots: 1, cpu_cores: cpus().length, memory_bytes: totalmem(),
    scratch_bytes_total: disk.blocks * disk.bsize, scratch_bytes_free: disk.bavail * disk.bsize, understands: ['restart_agent'],
  }, { token: (await readFile(tokenFile, 'utf8')).trim() });
  await writeFile(path.join(folder, 'node-id'), terms.node_id);
}

const stop = (session, reason) => (session.reason ??= reason, session.kill?.());
const hex = (bytes) => createHash('sha256').update(bytes).digest('hex');
const object = (url, options) => fetch(new URL(url, server), { signal: AbortSignal.timeout(60_000), ...options });

/** Run the command in a process group of its own, so that everything it started can be ended with it. */
const draw = (session, options) => new Promise((resolve, reject) => {
  const child = spawn(program, options, { detached: true, stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  session.kill = () => { try { process.kill(-child.pid, 'SIGKILL'); } catch { /* it has ended */ } };
  if (session.reason) session.kill();
  child.stderr.on('data', (data) => (said = (said + data).slice(-2000)));
  child.stderr.on('data', (data) => (session.frames = Number(/"frames_done": ?(\d+)/.exec(data)?.[1] ?? session.frames)));
  child.on('error', reject).on('close', (code) => (code === 0 ? resolve() : reject(Object.assign(new Error(said), { refused: code === 3 }))));
});

/** Fetch, draw and put; return the output. */
async function make(session, { task, scene_url, upload_url }, scratch) {
  const still = task.type === 'still', lossless = /^(gif|webp|apng|.*_frames)$/.test(task.kind);
  if (task.source || task.scene.clips.length || lossless) throw new Error('this node cannot draw that');
  const lottie = Buffer.from(await (await object(scene_url)).arrayBuffer());
  if (hex(lottie) !== task.scene.sha256) throw new Error('the scene arrived with another hash');
  const [scene, out] = ['scene.json', `out.${still ? task.format : task.kind.split('_')[0]}`].map((name) => path.join(scratch, name));
  await writeFile(scene, lottie);
  const background = task.background?.map((part) => part.toString(16).padStart(2, '0')).join('');
  await draw(session, [
    ...[still ? 'still' : 'render', scene, '--size', `${task.width}x${task.height}`, '--no-store', '-o', out],
    ...(still ? ['--frame', `${Math.round(task.frame)}`] : ['--frames', `${task.first}-${task.last}`, '--fps', `${task.fps}`, '--kind', task.kind]),
    ...(still ? [] : ['--preset', task.preset, '--crf', `${task.crf}`, '--music', 'none', '--workers', '1', '--progress', 'json']),
    ...(task.alpha ? ['--alpha'] : background ? ['--background', `#${background}`] : []),
    ...(task.max_kbps ? ['--max-kbps', `${task.max_kbps}`] : []),
  ]);
  const output = await readFile(out);
  for (let pause = 0.2; !session.reason; pause = Math.min(3, pause * 2)) {
    const put = await object(upload_url, { method: 'PUT', body: output }).catch(() => ({ status: 503 }));
    if ([200, 201, 204].includes(put.status)) return output;
    if (put.status < 500 && put.status !== 429) throw new Error(`the store answered ${put.status}`);
    await sleep(pause * 1000);
  }
  throw new Error(session.reason);
}

/** Do one assignment and report it. Of a lease that is lost, or may be, nothing is said: it is somebody else's. */
async function work(assignment) {
  const { lease, task, deadline_s } = assignment, began = Date.now(), session = { lease, frames: 0, renewed: began };
  sessions.set(lease.lease_id, session);
  const deadline = setTimeout(() => stop(session, 'deadline'), deadline_s * 1000);
  let how = 'result', message, scratch = await mkdtemp(path.join(folder, 'work-'));
  try {
    const output = await make(session, assignment, scratch);
    message = { sha256: hex(output), bytes: output.length, seconds: (Date.now() - began) / 1000 };
  } catch (error) {
    const [failure, code] = ENDS[session.reason] ?? (error.refused ? ['content', 'engine_crashed'] : ['node', 'internal']);
    [how, message] = ['fail', { failure, code, detail: `${task.scene.scene_key}: ${error.message}`.slice(0, 2000) }];
  }
  clearTimeout(deadline);
  await rm(scratch, { recursive: true });
  const report = { boot_id: bootId, lease_id: lease.lease_id, epoch: lease.epoch, ...message };
  if (!['lost', 'expired'].includes(session.reason)) await call(`${ROUTES[lease.kind]}/${lease.id}/${how}`, report).catch(refused);
  sessions.delete(lease.lease_id);
}

async function claim(lane) {
  for (let given; !leaving; given &&= await work(given)) {
    const ask = { boot_id: bootId, wait_s: terms.claim_wait_s };
    given = order === 'work' ? await call(`${lane}/claim`, ask, { timeout: ask.wait_s + 10 }).catch(refused) : await sleep(200);
  }
}

async function beat() {
  for (let full = 0, last = 0; ; await sleep(100)) {
    const at = Date.now(), due = at - full >= terms.heartbeat_s * 1000;
    if (!due && !(sessions.size && at - last >= terms.progress_s * 1000)) continue;
    const disk = await statfs(folder), [load1] = loadavg(), cpu_pct = Math.min(100, (100 * load1) / cpus().length);
    const health = { cpu_pct, load1, mem_used_bytes: totalmem() - freemem(), disk_free_bytes: disk.bavail * disk.bsize };
    const leases = [...sessions.values()].map(({ lease, frames }) => ({ ...lease, frames_done: frames }));
    const reply = await call('nodes/heartbeat', { boot_id: bootId, leases, health: due ? health : null }).catch(refused);
    if (!reply) continue;
    [last, full, order] = [at, due ? at : full, reply.order];
    for (const { lease_id, verdict } of reply.leases) {
      const session = sessions.get(lease_id);
      if (verdict === 'keep' && session) session.renewed = at;
      else if (session) stop(session, verdict === 'cancel' ? 'canceled' : 'lost');
    }
    for (const { command, now } of reply.commands) if (command === 'restart_agent') leave(75, now);
  }
}

/** End when there is nothing left to do; with `now` the work is given back at once. */
async function leave(code, now) {
  leaving = true;
  if (now) for (const session of sessions.values()) stop(session, 'stopping');
  while (sessions.size) await sleep(50);
  process.exit(code);
}

/** Some refusals only a person or a newer start can settle; every other one concerns one message alone. */
function refused(error) {
  console.error(error.message);
  if (FATAL.includes(error.code)) process.exit(1);
}

const late = (session) => Date.now() - session.renewed > 800 * terms.lease_s;
for (const name of ['SIGINT', 'SIGTERM']) process.on(name, () => leave(0, true));
await mkdir(folder, { recursive: true });
await register().catch(refused);
setInterval(() => [...sessions.values()].filter(late).forEach((session) => stop(session, 'expired')), 100);
await Promise.all([beat(), claim('frame-jobs'), claim('snapshot-jobs')]);
