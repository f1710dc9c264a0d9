import type { IncomingMessage, ServerResponse } from 'node:http'
import { buffer } from 'node:stream/consumers'
import type { Person } from '../cast.ts'
import { isOurs, listenOnLoopback, stopListening } from '../loopback.ts'
import type { Actor } from './acts/actor.ts'
import { actor } from './acts/actor.ts'
import { answerControl } from './control.ts'
import type { Ack, Delivery } from './delivery.ts'
import { deliverOverHttp } from './delivery.ts'
import { Events } from './events.ts'
import { Faults } from './faults.ts'
import { FileShares } from './file-shares.ts'
import type { JsonObject } from './json.ts'
import type { Manifest } from './manifest.ts'
import { readManifest } from './manifest.ts'
import { Rates } from './rates.ts'
import { ResponseUrls } from './response-urls.ts'
import type { Snapshot } from './snapshot.ts'
import { snapshot } from './snapshot.ts'
import { Sockets } from './sockets.ts'
import type { Switches } from './switches.ts'
import { personNamed, switches } from './switches.ts'
import { Triggers } from './triggers.ts'
import { answerUpload } from './uploads.ts'
import type { ApiCall } from './web-api.ts'
import { answerApi } from './web-api.ts'
import type { User, Usergroup } from './workspace.ts'
import { app, everybody, Workspace } from './workspace.ts'

export type LocalSlackOptions = {
  /** The app's manifest, as YAML text: it decides scopes, commands, shortcuts and events. */
  readonly manifest: string
  /** The port on 127.0.0.1; 0, the default, picks a free one. */
  readonly port?: number
  readonly people?: readonly Person[]
  /** One message a second in each channel, as in Slack. On unless said otherwise. */
  readonly rateLimit?: boolean
  /** Milliseconds since 1970. */
  readonly now?: () => number
  readonly botToken?: string
  readonly appToken?: string
  readonly signingSecret?: string
  /** Where to deliver over HTTP instead of Socket Mode: the app's request URL. */
  readonly deliverTo?: string
  /** Milliseconds the app has to acknowledge: 3,000, as in Slack. Tests of the time-out make it shorter. */
  readonly ackWithin?: number
  /** Milliseconds before each further try of an event: at once, 1 minute and 5 minutes, as in Slack. */
  readonly retryEventsAfter?: readonly number[]
}

export type LocalSlack = AsyncDisposable & {
  /** `http://127.0.0.1:<port>`. */
  readonly url: string
  /** What `SLACK_API_URL` is set to: the only difference to production. */
  readonly apiUrl: string
  readonly botToken: string
  readonly appToken: string
  readonly signingSecret: string
  /** The person with this handle or user id. */
  readonly as: (person: string) => Actor
  readonly control: Switches
  readonly state: () => Snapshot
  /** The app as it is installed here. */
  readonly app: InstalledApp
  /** Everybody and every group that a message may mention. */
  readonly directory: () => { readonly users: readonly User[]; readonly usergroups: readonly Usergroup[] }
  /** Calls the listener after each change to the workspace; the result stops it. */
  readonly listen: (onChange: () => void) => () => void
  /** How many Socket Mode connections the app has open. */
  readonly connections: () => number
  /** The Web API calls made so far, of one method or of all, the oldest first. */
  readonly calls: (method?: string) => readonly ApiCall[]
  /** What was delivered to the app and how it answered, the oldest first. */
  readonly deliveries: () => readonly Delivered[]
}

/** A delivery, and what came back. `ok`: it was acknowledged in time. */
export type Delivered = Delivery & {
  readonly ack: 'ok' | 'dispatch_failed' | 'operation_timeout'
  /** What came with the acknowledgement. */
  readonly reply?: JsonObject
  readonly at: number
}

export type InstalledApp = { readonly user: string } & Pick<Manifest, 'name' | 'commands' | 'shortcuts'>

/** So many of the newest Web API calls, and of the newest deliveries, are kept. */
const callsKept = 10_000

/**
 * Starts a Slack workspace on this machine: the Web API, Socket Mode or signed HTTP delivery, and the people of the drill.
 * It lives on while the app is stopped and started again. It listens on 127.0.0.1 only, and holds everything in memory.
 */
export async function startLocalSlack(options: LocalSlackOptions): Promise<LocalSlack> {
  const manifest = readManifest(options.manifest)
  const workspace = new Workspace({ now: options.now ?? Date.now, people: options.people ?? everybody })
  const tokens = {
    bot: options.botToken ?? 'xoxb-local-bot',
    app: options.appToken ?? 'xapp-local-app',
    revoked: false,
  }
  const signingSecret = options.signingSecret ?? 'local-signing-secret'
  const ackWithin = options.ackWithin ?? 3_000
  const sockets = new Sockets(ackWithin)
  const deliveries: { last: Delivery | undefined; losing: boolean } = { last: undefined, losing: false }
  const delivered: Delivered[] = []
  const reach = { cut: false }
  const deliver = async (delivery: Delivery): Promise<Ack> => {
    deliveries.last = delivery
    if (reach.cut) return { ok: false, error: 'dispatch_failed' }
    const ack = await (options.deliverTo === undefined
      ? sockets.send(delivery)
      : deliverOverHttp(
          { url: options.deliverTo, signingSecret, within: ackWithin, seconds: () => workspace.clock.seconds() },
          delivery,
        ))
    const answered = ack.ok ? 'ok' : ack.error
    const { kind, payload, retry } = delivery
    const reply = ack.ok ? { reply: ack.payload } : {}
    delivered.push({ kind, payload, retry, ack: answered, ...reply, at: workspace.clock.now() })
    if (delivered.length > callsKept) delivered.shift()
    workspace.tell({ type: 'delivery', kind: delivery.kind, payload: delivery.payload, ack: answered })
    return deliveries.losing ? { ok: false, error: 'operation_timeout' } : ack
  }
  const retryAfter = options.retryEventsAfter ?? [0, 60_000, 300_000]
  const withheld = new Set<string>()
  const granted = (): readonly string[] => manifest.scopes.filter((scope) => !withheld.has(scope))
  const events = new Events({ workspace, manifest, deliver, granted, retryAfter })
  const { server, url } = await listenOnLoopback(options.port ?? 0)

  const faults = new Faults()
  const rates = new Rates(workspace.clock, options.rateLimit ?? true)
  const shares = new FileShares()
  const triggers = new Triggers(workspace.clock)
  const responseUrls = new ResponseUrls(workspace)
  const calls: ApiCall[] = []
  const offered = new Map<string, readonly JsonObject[]>()

  const as = (person: string): Actor => {
    const id = personNamed(workspace, person)
    const user = () => {
      const found = workspace.users.get(id)
      if (found === undefined) throw new Error(`there is no person ${id} in the local Slack`)
      return found
    }
    const sendEvent = (event: JsonObject) => events.send(event)
    return actor({ user, workspace, manifest, triggers, responseUrls, url, deliver, sendEvent, offered })
  }
  const control = switches({
    workspace,
    faults,
    rates,
    shares,
    sockets,
    events,
    tokens,
    withheld,
    deliveries,
    reach,
    deliver,
  })
  const state = () => snapshot(workspace, sockets.count)
  const api = {
    call: {
      workspace,
      triggers,
      rates,
      shares,
      url,
      openSocket: () => url.replace('http', 'ws') + sockets.ticket(),
    },
    faults,
    tokens,
    granted,
    log: (call: ApiCall) => {
      calls.push(call)
      if (calls.length > callsKept) calls.shift()
      workspace.tell({
        type: 'api',
        method: call.method,
        args: call.args,
        ok: call.ok,
        error: call.error,
      })
    },
  }
  const controls = { workspace, as, switches: control, state, calls: () => calls }

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const address = new URL(request.url ?? '/', url)
    const body = await buffer(request)
    const path = address.pathname
    if (reach.cut && !path.startsWith('/_control/')) return void request.socket.destroy()
    if (path.startsWith('/api/')) return answerApi(api, { incoming: request, body, url: address }, response)
    if (path.startsWith('/response/')) {
      const used = responseUrls.use(path, body.toString('utf8'))
      return end(response, used.status, used.body)
    }
    if (path.startsWith('/upload/'))
      return answerUpload({ workspace, faults, log: api.log }, { incoming: request, path, body }, response)
    if (path.startsWith('/files-pri/')) return toSignIn(response)
    if (path.startsWith('/_control/')) {
      if (!isOurs(request, url)) return end(response, 403, 'the control API answers this machine only')
      return answerControl(controls, { method: request.method ?? '', path, body: body.toString('utf8') }, response)
    }
    return end(response, 404, 'the local Slack has no such page')
  }
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    // A client that went away while it sent its request gets no answer; anything else is a fault of this server.
    answer(request, response).catch((error: unknown) => {
      if (!response.headersSent) end(response, 500, error instanceof Error ? error.message : String(error))
      else response.destroy()
    })
  })
  server.on('upgrade', (request, socket, head) => sockets.upgrade(request, socket, head))

  return {
    url,
    apiUrl: `${url}/api/`,
    botToken: tokens.bot,
    appToken: tokens.app,
    signingSecret,
    as,
    control,
    state,
    app: { user: app.user, name: manifest.name, commands: manifest.commands, shortcuts: manifest.shortcuts },
    directory: () => ({ users: [...workspace.users.values()], usergroups: [...workspace.usergroups.values()] }),
    listen: (onChange) => workspace.listen(() => onChange()),
    connections: () => sockets.count,
    calls: (method) => calls.filter((call) => method === undefined || call.method === method),
    deliveries: () => delivered,
    [Symbol.asyncDispose]: async () => {
      events.close()
      await sockets.close()
      await stopListening(server)
    },
  }
}

/** What an app without the scope to read files gets at a file's address: the way to the sign-in page. People fetch them as themselves. */
function toSignIn(response: ServerResponse): void {
  response.writeHead(302, { location: '/?redir=files-pri' }).end()
}

function end(response: ServerResponse, status: number, body: string): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' })
  response.end(body)
}
