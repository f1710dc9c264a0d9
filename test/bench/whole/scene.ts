import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { Pool } from 'undici'
import { cast, incidentChannel, workspace } from '#/drill/cast.ts'
import { until } from '#/drill/crew.ts'
import { inherited, startProgram } from '#/drill/program.ts'
import { sign } from '#/drill/slack/delivery.ts'
import type { Stage } from '#/drill/stage.ts'
import { fold } from '#/handle.ts'
import type { IncidentId } from '#/incident/events.ts'
import type { Request } from '#/incident/state.ts'
import { ledgerOf, quickStage } from '../../support/incident-flow.ts'
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
  /** Number of the last entry of an incident. */
  readonly newest: (incident: IncidentId) => number
}

/** Sends what Slack would, signed, on connections that stay open. Throws for an answer other than 200. */
export type Endpoint = { readonly post: (fields: Readonly<Record<string, string>>) => Promise<void> }

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
  if (!idle) {
    building.use(await startProgram(env))
    building.use(await startFloor({ ...env, FLOOR_FILE: join(stage.dir, 'floor.db'), FLOOR_PORT: String(floorPort) }))
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

const counter = { last: 0 }

/** A trigger that no other delivery has: one that came again would be answered from memory. */
function trigger(): string {
  counter.last += 1
  return `${process.pid}.${counter.last}`
}

export function command(text: string): Readonly<Record<string, string>> {
  return {
    command: '/autentico',
    text,
    user_id: cast.bao.user,
    team_id: workspace.team,
    channel_id: incidentChannel.id,
    trigger_id: trigger(),
  }
}

export function press(user: string, action: string, value: string): Readonly<Record<string, string>> {
  const payload = {
    type: 'block_actions',
    user: { id: user, username: user, name: user, team_id: workspace.team },
    api_app_id: 'A0RESPONDER',
    team: { id: workspace.team, domain: workspace.domain },
    channel: incidentChannel,
    trigger_id: trigger(),
    actions: [{ type: 'button', action_id: action, block_id: 'b', value, action_ts: '1' }],
  }
  return { payload: JSON.stringify(payload) }
}

/** What an approval of this request looks like. */
export function approval(incident: IncidentId, { id, shown }: Request): Readonly<Record<string, string>> {
  return press(cast.bao.user, 'approve', `${incident}|${id}|${shown?.digest ?? ''}`)
}

function opening(username: string, id: string): Readonly<Record<string, string>> {
  const chosen = (name: string, value: string) => ({
    [name]: {
      [name]: { type: 'static_select', selected_option: { value, text: { type: 'plain_text', text: value } } },
    },
  })
  const values = {
    ...chosen('playbook', 'account-compromise'),
    ...chosen('target', `a|${id}|${username}`),
    ...chosen('severity', 'sev2'),
    summary: { summary: { type: 'plain_text_input', value: '' } },
  }
  const payload = {
    type: 'view_submission',
    user: { id: cast.ana.user, team_id: workspace.team },
    team: { id: workspace.team, domain: workspace.domain },
    api_app_id: 'A0RESPONDER',
    trigger_id: trigger(),
    view: {
      id: `V${trigger().replaceAll('.', '')}`,
      hash: trigger(),
      type: 'modal',
      callback_id: 'open_incident_form',
      private_metadata: '',
      state: { values },
      blocks: [],
    },
  }
  return { payload: JSON.stringify(payload) }
}

export type Waiting = {
  readonly incident: IncidentId
  readonly username: string
  readonly account: string
  readonly request: Request
}

/** Opens an incident for each of these accounts, eight at a time, asks for its first step, and waits until it can be approved. */
export async function askedFor(scene: Scene, usernames: readonly string[]): Promise<readonly Waiting[]> {
  const { stage, ours } = scene
  const accountOf = (username: string): string => stage.autentico.accounts[username]?.id ?? ''
  await inTurns(usernames, 8, async (username) => ours.post(opening(username, accountOf(username))))
  const opened = await until(
    () => {
      const found = openedFor(stage, usernames)
      return found.every(({ state }) => state.facts !== undefined) && found.length === usernames.length
        ? found
        : undefined
    },
    'the incidents to be opened and read',
    120_000,
  )
  await inTurns(opened, 8, async ({ state }) => ours.post(press(cast.ana.user, 'ask', `${state.id}|s|revoke-sessions`)))
  return until(
    () => {
      const waiting = openedFor(stage, usernames).flatMap(({ state }) => {
        const request = [...state.requests.values()].find(({ shown }) => shown !== undefined)
        const { username, id: account } = state.target
        return request === undefined ? [] : [{ incident: state.id, username, account, request }]
      })
      return waiting.length === usernames.length ? waiting : undefined
    },
    'the requests to be shown',
    120_000,
  )
}

function openedFor(stage: Stage, usernames: readonly string[]) {
  using ledger = ledgerOf(stage)
  return ledger.streams({ having: 'IncidentOpened', without: 'IncidentClosed' }).flatMap((id) => {
    const state = fold(ledger, id as IncidentId)
    return state !== undefined && usernames.includes(state.target.username) ? [{ state }] : []
  })
}

export async function inTurns<T>(items: readonly T[], atOnce: number, work: (item: T) => Promise<void>): Promise<void> {
  const rest = items.entries()
  const hand = async (): Promise<void> => {
    // All hands take from the same row.
    for (const [, item] of rest) await work(item)
  }
  await Promise.all(Array.from({ length: atOnce }, hand))
}
