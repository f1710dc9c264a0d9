// The least that does the same: Bolt over HTTP, one durable row before the acknowledgement, BullMQ, and undici. `empty` only connects.
import { createHmac } from 'node:crypto'
import { App, HTTPReceiver, LogLevel } from '@slack/bolt'
import SQLite from 'better-sqlite3'
import { Queue, Worker } from 'bullmq'
import { Redis } from 'ioredis'
import { pino } from 'pino'
import { Pool } from 'undici'
import { z } from 'zod'

const setting = z
  .object({
    FLOOR_FILE: z.string(),
    FLOOR_PORT: z.coerce.number(),
    REDIS_URL: z.string(),
    SLACK_API_URL: z.string(),
    SLACK_SIGNING_SECRET: z.string(),
    AUTENTICO_URL: z.string(),
  })
  .parse(process.env)

const log = pino()
const db = new SQLite(setting.FLOOR_FILE)
db.pragma('journal_mode = WAL')
db.pragma('synchronous = FULL')
db.exec('CREATE TABLE IF NOT EXISTS entry (seq INTEGER PRIMARY KEY, body TEXT NOT NULL)')
const insert = db.prepare<[string]>('INSERT INTO entry (body) VALUES (?)')
const record = (what: string, about: string): void =>
  void insert.run(JSON.stringify({ what, about, padding: 'x'.repeat(350) }))

const connection = new Redis(setting.REDIS_URL, { maxRetriesPerRequest: null })
const queue = new Queue('floor', { connection })
const autentico = new Pool(setting.AUTENTICO_URL)
const slack = new Pool(new URL(setting.SLACK_API_URL).origin)
const key = 'a key of this process'
const sealed = (text: string): string => createHmac('sha256', key).update(text).digest('hex')

const worker = new Worker<{ readonly about: string; readonly seal: string }>(
  'floor',
  async ({ data: { about, seal } }) => {
    if (sealed(about) !== seal) throw new Error('not ours')
    record('started', about)
    const path = `/admin/api/users/${about}/revoke-sessions`
    await (await autentico.request({ method: 'POST', path })).body.dump()
    record('completed', about)
    const body = new URLSearchParams({ channel: 'C0INCIDENTS', text: `approved ${about}` }).toString()
    const headers = { 'content-type': 'application/x-www-form-urlencoded' }
    await (await slack.request({ method: 'POST', path: '/api/chat.postMessage', headers, body })).body.dump()
  },
  { connection, concurrency: 50 },
)

const receiver = new HTTPReceiver({ signingSecret: setting.SLACK_SIGNING_SECRET, logLevel: LogLevel.ERROR })
const app = new App({
  receiver,
  authorize: async () => Promise.resolve({ botToken: 'xoxb-0' }),
  logLevel: LogLevel.ERROR,
})
app.command(/.*/, async ({ ack, body }) => {
  record('command', body.text)
  await ack()
})
app.action('approve', async ({ ack, body }) => {
  const { actions } = z.object({ actions: z.array(z.object({ value: z.string() })) }).parse(body)
  const about = actions[0]?.value ?? ''
  record('approved', about)
  await ack()
  await queue.add('work', { about, seal: sealed(about) })
})
app.action('take_command', async ({ ack, body }) => {
  record('took command', body.user.id)
  await ack()
})
await app.start(setting.FLOOR_PORT)
await connection.ping()
log.info('the floor is ready')
process.on('SIGTERM', () => void worker.close().finally(() => process.exit(0)))
