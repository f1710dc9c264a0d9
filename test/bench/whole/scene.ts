import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { Pool } from 'undici'
import { cast } from '#/drill/cast.ts'
import { until } from '#/drill/crew.ts'
import { inherited, startProgram } from '#/drill/program.ts'
import { sign } from '#/drill/slack/delivery.ts'
import type { Stage } from '#/drill/stage.ts'
import type { IncidentId } from '#/incident/events.ts'
import { type OpenedIncident, openRequests, type Request } from '#/incident/state.ts'
import { ledgerOf, quickStage } from '../../support/incident-flow.ts'
import { type Fields, opening, press } from './deliveries.ts'
import { type OpenIncidents, readIncidents } from './incidents.ts'
import { type Tap, tap } from './tap.ts'

const signingSecret = 'a-signing-secret-of-the-bench'

/** The program in HTTP mode and the floor beside it, with the same Redis, the same Autentico and the same Slack. */
export type Scene = AsyncDisposable & {
  readonly stage: Stage
  readonly autentico: Tap
  readonly slack: Tap
  readonly env: Readonly<Record<string, string>>
  readonly ours: Endpoint
  readonly floor: Endpoint
  /** Of the two programs; undefined where none was started. */
  readonly pids: { readonly ours: number | undefined; readonly floor: number | undefined }
  /** Number of the last entry of an incident. */
  readonly newest: (incident: IncidentId) => number
}

/** Sends what Slack would, signed, on connections that stay open. Gives the text of the answer; throws for one other than 200. */
export type Endpoint = { readonly post: (fields: Fields) => Promise<string> }

/** `idle`: neither program is started. */
export async function openScene({
  crowd = 20,
  idle = false,
  env: change = {},
}: {
  readonly crowd?: number
  readonly idle?: boolean
  readonly env?: Readonly<Record<string, string>>
} = {}): Promise<Scene> {
  await using building = new AsyncDisposableStack()
  const [ourPort, floorPort] = [await freePort(), await freePort()]
  const stage = building.use(
    await quickStage({
      autentico: { crowd },
      slack: { deliverTo: `http://127.0.0.1:${ourPort}/slack/events`, signingSecret },
    }),
  )
  const slack = building.use(await tap(portOf(stage.slack.apiUrl)))
  const autentico = building.use(await tap(portOf(stage.autentico.url)))
  const env = {
    ...stage.env,
    SLACK_APP_TOKEN: '',
    SLACK_SIGNING_SECRET: signingSecret,
    PORT: String(ourPort),
    ...change,
    SLACK_API_URL: stage.slack.apiUrl.replace(/:\d+/, `:${slack.port}`),
    AUTENTICO_URL: stage.autentico.url.replace(/:\d+/, `:${autentico.port}`),
  }
  const pids: { ours?: number | undefined; floor?: number | undefined } = {}
  if (!idle) {
    pids.ours = building.use(await startProgram(env)).pid
    const floorEnv = { ...env, FLOOR_FILE: join(stage.dir, 'floor.db'), FLOOR_PORT: String(floorPort) }
    pids.floor = building.use(await startFloor(floorEnv)).pid
  }
  const ours = building.use(endpoint(ourPort))
  const floor = building.use(endpoint(floorPort))
  const parts = building.move()
  return {
    stage,
    slack,
    autentico,
    env,
    ours,
    floor,
    pids: { ours: pids.ours, floor: pids.floor },
    newest(incident) {
      using ledger = ledgerOf(stage)
      return ledger.stream(incident).at(-1)?.seq ?? 0
    },
    [Symbol.asyncDispose]: async () => parts.disposeAsync(),
  }
}

const floorProgram = join(import.meta.dirname, 'floor-program.ts')

/** Resolves when it takes clicks. */
export async function startFloor(
  env: Readonly<Record<string, string>>,
): Promise<AsyncDisposable & { readonly pid: number }> {
  const child = spawn(process.execPath, [floorProgram], {
    env: { ...inherited(), ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  // A bench that is killed must not leave it behind.
  const orphaned = () => child.kill('SIGKILL')
  process.once('exit', orphaned)
  const lines = createInterface({ input: child.stdout })
  await new Promise<void>((resolve, reject) => {
    lines.on('line', (line) => {
      if (line.includes('the floor is ready')) resolve()
    })
    child.once('exit', () => reject(new Error('the floor ended before it was ready')))
  })
  return {
    pid: child.pid ?? 0,
    async [Symbol.asyncDispose]() {
      process.off('exit', orphaned)
      child.kill('SIGKILL')
      await once(child, 'exit')
    },
  }
}

function endpoint(port: number): Endpoint & AsyncDisposable {
  const pool = new Pool(`http://127.0.0.1:${port}`, { connections: 64 })
  return {
    async post(fields) {
      const body = new URLSearchParams(fields).toString()
      const proof = sign({ signingSecret, seconds: () => Math.floor(Date.now() / 1000) }, body)
      const headers = { ...proof, 'content-type': 'application/x-www-form-urlencoded' }
      const answer = await pool.request({ method: 'POST', path: '/slack/events', headers, body })
      const text = await answer.body.text()
      if (answer.statusCode !== 200) throw new Error(`answered with ${answer.statusCode}: ${text}`)
      return text
    },
    [Symbol.asyncDispose]: async () => pool.destroy(),
  }
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

function portOf(url: string): number {
  return Number(new URL(url).port)
}

/** What waits behind fifty others on a busy machine may take a while. */
const patienceMs = 120_000

export type Waiting = {
  readonly incident: IncidentId
  readonly username: string
  readonly account: string
  readonly request: Request
}

/** Opens an incident for each of these accounts, eight at a time, asks for its first step, and waits until it can be approved. */
export async function askedFor(scene: Scene, usernames: readonly string[]): Promise<readonly Waiting[]> {
  using incidents = readIncidents(scene.stage)
  const waiting: Waiting[] = []
  await inTurns(usernames, 8, async (username) => {
    const incident = await openFor(scene, incidents, username)
    const { id, target } = incident
    const asking = () => press(cast.ana.user, 'ask', `${id}|s|revoke-sessions`)
    const request = await askFor(scene, incidents, { id, asking })
    waiting.push({ incident: id, username, account: target.id, request })
  })
  return waiting
}

/** Opens an incident for this account by the form, and waits until the account has been read. */
export async function openFor(
  { stage, ours }: Scene,
  incidents: OpenIncidents,
  username: string,
): Promise<OpenedIncident> {
  const account = stage.autentico.accounts[username]?.id
  if (account === undefined) throw new Error(`there is no account called ${username}`)
  await sentUntil(
    async () => ours.post(opening(username, account)),
    () => incidents.about(username),
    `an incident for ${username} to be opened`,
  )
  return until(
    () => {
      const incident = incidents.about(username)
      return incident?.facts === undefined ? undefined : incident
    },
    `the account of ${username} to be read`,
    patienceMs,
  )
}

/** Asks for something in an incident, and waits until the request can be approved. */
export async function askFor(
  { ours }: Scene,
  incidents: OpenIncidents,
  { id, asking }: { readonly id: IncidentId; readonly asking: () => Fields },
): Promise<Request> {
  return sentUntil(
    async () => ours.post(asking()),
    () => {
      const incident = incidents.find(id)
      return incident === undefined ? undefined : openRequests(incident).find(({ shown }) => shown !== undefined)
    },
    `a request of ${id} to be shown`,
  )
}

const mostTries = 12

/**
 * Sends it, and again while what should come of it does not. People do that too: where an account, or whoever pressed, cannot be looked up
 * in time, as on a machine that is busy, they are told so. What was done is not done twice.
 */
export async function sentUntil<T>(send: () => Promise<unknown>, look: () => T | undefined, what: string): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    await send()
    try {
      return await until(look, what, patienceMs / mostTries)
    } catch (error) {
      if (tries === mostTries) throw error
    }
  }
}

export async function inTurns<T>(
  items: readonly T[],
  atOnce: number,
  work: (item: T) => Promise<unknown>,
): Promise<void> {
  const rest = items.entries()
  const hand = async (): Promise<void> => {
    // All hands take from the same row.
    for (const [, item] of rest) await work(item)
  }
  await Promise.all(Array.from({ length: atOnce }, hand))
}
