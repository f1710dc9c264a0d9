import { faultsInBlocks, withIds } from './blocks.ts'
import type { JsonObject } from './json.ts'
import { isObject, objects, readJson, text } from './json.ts'
import type { Workspace } from './workspace.ts'
import { app } from './workspace.ts'

/** Where an answer sent to a response URL lands: the person and the channel of the act, and what they acted on. */
export type ResponseTarget = {
  readonly user: string
  readonly channel: string
  readonly thread?: string | undefined
  readonly source?: { readonly ts: string; readonly ephemeral: boolean } | undefined
}

const mostUses = 5
const lifetime = 30 * 60_000

/**
 * Response URLs: five uses within 30 minutes, no token, and no regard to whether the app is in the channel. An answer is
 * ephemeral unless it says `in_channel`; it may replace or delete what the person acted on.
 */
export class ResponseUrls {
  readonly #workspace: Workspace
  readonly #issued = new Map<string, { readonly target: ResponseTarget; readonly at: number; uses: number }>()

  constructor(workspace: Workspace) {
    this.#workspace = workspace
  }

  /** The path of a new response URL. */
  issue(target: ResponseTarget): string {
    const id = this.#workspace.clock.id('R')
    this.#issued.set(id, { target, at: this.#workspace.clock.now(), uses: 0 })
    return `/response/${id}`
  }

  /** Takes what the app sent there. The status and body are Slack's. */
  use(path: string, sent: string): { readonly status: number; readonly body: string } {
    const issued = this.#issued.get(path.slice('/response/'.length))
    if (issued === undefined) return { status: 404, body: 'no_service' }
    if (this.#workspace.clock.now() - issued.at > lifetime) return { status: 404, body: 'expired_url' }
    if (issued.uses >= mostUses) return { status: 404, body: 'used_url' }
    const answer = readJson(sent)
    if (!isObject(answer)) return { status: 400, body: 'invalid_payload' }
    const blocks = answer['blocks'] ?? []
    if (faultsInBlocks(blocks, 'message').length > 0) return { status: 400, body: 'invalid_blocks' }
    issued.uses += 1
    show(this.#workspace, issued.target, answer)
    return { status: 200, body: 'ok' }
  }
}

/** Shows an answer to a person or a channel: one sent to a response URL, or given with an acknowledgement. */
export function show(workspace: Workspace, target: ResponseTarget, answer: JsonObject): string | undefined {
  const words = text(answer['text'])
  const blocks = withIds(objects(answer['blocks']), () => workspace.clock.id(''))
  const { source, channel, user } = target
  if (source !== undefined && (isTrue(answer['delete_original']) || isTrue(answer['replace_original']))) {
    const replacement = isTrue(answer['delete_original']) ? undefined : { text: words, blocks }
    if (source.ephemeral) workspace.replaceEphemeral(source.ts, replacement)
    else if (replacement === undefined) workspace.remove(channel, source.ts)
    else workspace.change(channel, source.ts, replacement)
    return source.ts
  }
  if (words === '' && blocks.length === 0) return undefined
  const thread = text(answer['thread_ts']) || target.thread
  if (answer['response_type'] === 'in_channel') {
    return workspace.post(channel, { user: app.user, byApp: true, text: words, blocks, thread }).ts
  }
  return workspace.show({ channel, viewer: user, text: words, blocks, thread }).ts
}

function isTrue(value: unknown): boolean {
  return value === true || value === 'true'
}
