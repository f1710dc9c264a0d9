import type { ServerResponse } from 'node:http'
import type { Actor } from './acts/actor.ts'
import { actNamed } from './acts/by-name.ts'
import type { Fault } from './faults.ts'
import type { JsonObject } from './json.ts'
import { isObject, list, text } from './json.ts'
import type { Switches } from './switches.ts'
import type { Change, Workspace } from './workspace.ts'

export type ControlDeps = {
  readonly workspace: Workspace
  /** The person with this handle or id; throws for one who is not there. */
  readonly as: (person: string) => Actor
  readonly switches: Switches
  readonly state: () => object
  readonly calls: () => readonly object[]
}

/**
 * The control API under `/_control/`: what tests do in-process, for other processes and for the page.
 *
 * - `GET state`, `GET calls`, `GET sees/<person>`, `GET views/<person>`
 * - `POST as/<person>/<act>` and `POST switch/<name>` with the arguments as a JSON object
 * - `GET feed`: server-sent events, one for each change
 *
 * A request that no person or administrator could make is answered 400 with `{error}`.
 */
export async function answerControl(
  deps: ControlDeps,
  request: { readonly method: string; readonly path: string; readonly body: string },
  response: ServerResponse,
): Promise<void> {
  const [verb = '', first = '', second = ''] = request.path
    .slice('/_control/'.length)
    .split('/')
    .map(decodeURIComponent)
  if (request.method === 'GET' && verb === 'feed') return feed(deps.workspace, response)
  try {
    const args = request.body === '' ? {} : parse(request.body)
    const answer = await (request.method === 'GET'
      ? read(deps, verb, first)
      : request.method === 'POST'
        ? change(deps, { verb, first, second }, args)
        : undefined)
    if (answer === undefined)
      respond(response, 404, { error: `the control API has no ${request.method} ${request.path}` })
    else respond(response, 200, answer)
  } catch (error) {
    respond(response, 400, { error: error instanceof Error ? error.message : String(error) })
  }
}

async function read(deps: ControlDeps, what: string, person: string): Promise<object | undefined> {
  if (what === 'state') return deps.state()
  if (what === 'calls') return deps.calls()
  if (what === 'sees') return deps.as(person).sees()
  if (what === 'views') return { views: deps.as(person).views(), home: deps.as(person).home() ?? null }
  return undefined
}

async function change(
  deps: ControlDeps,
  { verb, first, second }: { readonly verb: string; readonly first: string; readonly second: string },
  args: JsonObject,
): Promise<object | undefined> {
  if (verb === 'as') {
    const act = actNamed(second)
    return act === undefined ? undefined : ((await act(deps.as(first), args)) ?? { ok: true })
  }
  if (verb !== 'switch') return undefined
  const turn = Object.hasOwn(turns, first) ? turns[first] : undefined
  if (turn === undefined) return undefined
  return ((await turn(deps.switches, args)) as object | undefined) ?? { ok: true }
}

const turns: Readonly<Record<string, (turn: Switches, args: JsonObject) => unknown>> = {
  failNext: (turn, { method, ...fault }) => turn.failNext(text(method), fault as Fault),
  clearFaults: (turn) => turn.clearFaults(),
  limitRate: (turn, args) => turn.limitRate(args['on'] !== false),
  holdFiles: (turn, args) => turn.holdFiles(args['on'] !== false),
  disconnectSockets: (turn, args) =>
    turn.disconnectSockets(args['reason'] === 'warning' ? 'warning' : 'refresh_requested'),
  dropConnections: (turn) => turn.dropConnections(),
  refuseConnections: (turn, args) => turn.refuseConnections(args['on'] !== false),
  cutOff: (turn, args) => turn.cutOff(args['on'] !== false),
  loseAcks: (turn, args) => turn.loseAcks(args['on'] !== false),
  redeliver: (turn) => turn.redeliver(),
  revokeTokens: (turn, args) => turn.revokeTokens(args['on'] !== false),
  withholdScope: (turn, args) => turn.withholdScope(text(args['scope'])),
  archive: (turn, args) => turn.archive(text(args['channel']), args['archived'] !== false),
  addMember: (turn, args) => turn.addMember(text(args['channel']), text(args['user'])),
  removeMember: (turn, args) => turn.removeMember(text(args['channel']), text(args['user'])),
  removeBot: (turn, args) => turn.removeBot(text(args['channel'])),
  openUp: (turn, args) => turn.openUp(text(args['channel'])),
  share: (turn, args) => turn.share(text(args['channel'])),
  deleteMessage: (turn, args) => turn.deleteMessage(text(args['channel']), text(args['ts'])),
  deactivate: (turn, args) => turn.deactivate(text(args['user'])),
  makeGuest: (turn, args) => turn.makeGuest(text(args['user']), args['guest'] !== false),
  setUsergroup: (turn, args) => turn.setUsergroup(text(args['usergroup']), list(args['users']).map(text)),
  removeFromUsergroup: (turn, args) => turn.removeFromUsergroup(text(args['usergroup']), text(args['user'])),
  reload: (turn, args) => turn.reload(text(args['user'])),
}

function parse(body: string): JsonObject {
  const parsed: unknown = JSON.parse(body)
  if (!isObject(parsed)) throw new Error('the arguments must be a JSON object')
  return parsed
}

function feed(workspace: Workspace, response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
  response.write('retry: 1000\n\n')
  const stop = workspace.listen((change: Change) => {
    response.write(`event: ${change.type}\ndata: ${JSON.stringify(change)}\n\n`)
  })
  response.on('close', stop)
}

function respond(response: ServerResponse, status: number, answer: object): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' })
  response.end(JSON.stringify(answer))
}
