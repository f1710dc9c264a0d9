import { z } from 'zod'
import type { Message } from './cards/blocks.ts'
import { RateLimited } from './failures.ts'
import { isSlacks } from './hosts.ts'
import type { Lanes } from './lanes.ts'
import type { Log } from './log.ts'
import { digestOfPost } from './post-digest.ts'
import type { KeptPosts } from './posts-on-disk.ts'
import { type Found, readBack } from './read-back.ts'
import { Turns } from './turns.ts'

export type Place = { readonly channel: string; readonly ts: string }
export type EntryMark = { readonly seq: number; readonly hash: string }

/** Where a private answer can go. */
export type Where = { readonly channel?: string; readonly thread?: string; readonly responseUrl?: string }

const entryType = 'autentico_entry'
const cardType = 'autentico_card'
// Ours have no links to show off, and bare words must not turn into any.
const quietly = { unfurl_links: false, unfurl_media: false, link_names: false, parse: 'none' } as const

const secondsADay = 86_400

const posted = z.object({ ts: z.string(), channel: z.string() })
/** Slack tells with a post how it keeps it, which is what it shows later. */
const postedLines = posted.extend({
  message: z.object({ text: z.string(), blocks: z.unknown().optional() }).optional().catch(undefined),
})

/** So many private answers are on their way at once: a crowd of clicks is answered late rather than never, and forms find a connection free. */
const answersAtOnce = 6

/**
 * Everything we send to Slack. The functions for cards and the timeline throw the three failures of `failures.ts`; the
 * private answers never throw, because there is nobody left to tell.
 */
export class Outbound {
  readonly #lanes: Lanes
  readonly #log: Log
  readonly #apiUrl: string | undefined
  readonly #posts: KeptPosts | undefined
  readonly #answers = new Turns(answersAtOnce)

  constructor(deps: {
    readonly lanes: Lanes
    readonly log: Log
    readonly apiUrl?: string
    /** Keeps what posts into threads said. Absent: nobody looks whether they are altered. */
    readonly posts?: KeptPosts | undefined
  }) {
    this.#posts = deps.posts
    this.#lanes = deps.lanes
    this.#log = deps.log
    this.#apiUrl = deps.apiUrl
  }

  /** Posts the root message of an incident's thread. After `SlackUnavailable`, look with `findCard` before posting again. */
  async postCard(channel: string, card: Message, incident: string): Promise<Place> {
    const metadata = { event_type: cardType, event_payload: { incident } }
    return posted.parse(await this.#lanes.cards('chat.postMessage', { channel, ...card, metadata, ...quietly }))
  }

  /** Posts into a channel, about no incident. After `SlackUnavailable` it may stand there or not. */
  async announce(channel: string, text: Message): Promise<void> {
    await this.#lanes.timeline('chat.postMessage', { channel, ...text, ...quietly })
  }

  /**
   * Edits a card or a request in place. `SlackRejected` with `message_not_found`, `edit_window_closed`, `is_inactive` or
   * `cant_update_message` means that it has to be posted anew.
   */
  async updateCard({ channel, ts }: Place, card: Message): Promise<void> {
    await this.#lanes.cards('chat.update', { channel, ts, ...card, link_names: false, parse: 'none' })
  }

  /**
   * Posts into a thread. Every entry it shows is named in the metadata, so that `findInThread` finds it. Metadata can be
   * read by the whole workspace: numbers and hashes only.
   */
  async postInThread(
    thread: Place,
    reply: Message,
    {
      incident,
      entries,
      toChannel = false,
    }: {
      readonly incident: string
      readonly entries: readonly EntryMark[]
      /** Shown in the channel as well: for what nobody may miss. */
      readonly toChannel?: boolean
    },
  ): Promise<Place> {
    const last = entries.at(-1)
    const metadata =
      last === undefined
        ? {}
        : {
            metadata: {
              event_type: entryType,
              event_payload: {
                incident,
                seq: last.seq,
                hash: last.hash,
                also: entries.slice(0, -1).map(({ seq }) => seq),
              },
            },
          }
    const { channel, ts } = thread
    const { message, ...place } = postedLines.parse(
      await this.#lanes.timeline('chat.postMessage', {
        channel,
        thread_ts: ts,
        ...(toChannel ? { reply_broadcast: true } : {}),
        ...reply,
        ...metadata,
        ...quietly,
      }),
    )
    if (message !== undefined && last !== undefined)
      this.#posts?.keep(place, [digestOfPost(reply), digestOfPost({ text: message.text, blocks: message.blocks })])
    return place
  }

  /** Where the given entries stand in the thread. Entries that are not there are not in the map. */
  async findInThread(
    thread: Place,
    incident: string,
    seqs: readonly number[],
  ): Promise<Found<ReadonlyMap<number, Place & { readonly hash?: string }>>> {
    const wanted = new Set(seqs)
    const found = new Map<number, Place & { readonly hash?: string }>()
    const walked = await readBack(
      this.#lanes.lookUps,
      { method: 'conversations.replies', ...thread },
      ({ messages }) => {
        for (const { ts, metadata } of messages) {
          if (metadata?.event_type !== entryType || metadata.event_payload['incident'] !== incident) continue
          const { seq, hash, also } = metadata.event_payload
          for (const one of [seq, ...(Array.isArray(also) ? (also as readonly unknown[]) : [])]) {
            if (typeof one !== 'number' || !wanted.has(one)) continue
            found.set(one, {
              channel: thread.channel,
              ts,
              ...(one === seq && typeof hash === 'string' ? { hash } : {}),
            })
          }
        }
        return found.size === wanted.size
      },
    )
    return walked === undefined ? { kind: 'read', found } : { kind: 'not readable', why: walked }
  }

  /**
   * The root message of an incident that began at `since` (ISO 8601). Looked for among the messages of the channel from a day before that
   * on, because Slack's clock may be another: all the way back there may be thousands, and Slack reads out fifty pages a minute.
   */
  async findCard(channel: string, incident: string, since: string): Promise<Found<Place | undefined>> {
    let found: Place | undefined
    const oldest = String(Math.max(0, Date.parse(since) / 1_000 - secondsADay))
    const where = { method: 'conversations.history', channel, oldest }
    const walked = await readBack(this.#lanes.lookUps, where, ({ messages }) => {
      const card = messages.find(
        ({ metadata }) => metadata?.event_type === cardType && metadata.event_payload['incident'] === incident,
      )
      found = card === undefined ? undefined : { channel, ts: card.ts }
      return found !== undefined
    })
    return walked === undefined ? { kind: 'read', found } : { kind: 'not readable', why: walked }
  }

  /**
   * Tells one person something in private: where they pressed, or else in a direct message. True when Slack took it; that
   * it was seen is never certain.
   */
  async replyPrivately(user: string, where: Where, answer: Message): Promise<boolean> {
    const { channel, thread, responseUrl } = where
    const ways: readonly (readonly [string, () => Promise<unknown>])[] = [
      ...(responseUrl === undefined || !isSlacks(responseUrl, this.#apiUrl)
        ? []
        : [
            [
              'response_url',
              async () =>
                this.#lanes.respond(responseUrl, {
                  response_type: 'ephemeral',
                  replace_original: false,
                  ...answer,
                  ...(thread === undefined ? {} : { thread_ts: thread }),
                }),
            ] as const,
          ]),
      ...(channel === undefined
        ? []
        : [
            [
              'chat.postEphemeral',
              async () =>
                this.#lanes.replies('chat.postEphemeral', {
                  channel,
                  user,
                  ...answer,
                  link_names: false,
                  parse: 'none',
                  ...(thread === undefined ? {} : { thread_ts: thread }),
                }),
            ] as const,
          ]),
      ['direct message', async () => this.dm(user, answer)],
    ]
    return this.#answers.take(async () => this.#byOneOf(ways, user))
  }

  async #byOneOf(
    ways: readonly (readonly [way: string, send: () => Promise<unknown>])[],
    user: string,
  ): Promise<boolean> {
    const failed: string[] = []
    for (const [way, send] of ways) {
      try {
        await send()
        return true
      } catch (error) {
        failed.push(`${way}: ${error instanceof Error ? error.message : 'unknown error'}`)
        // Elsewhere the limit is another one; the same way again would only wait.
        if (error instanceof RateLimited) continue
      }
    }
    this.#log.warn({ user, failed }, 'a private answer could not be delivered')
    return false
  }

  /** A direct message. Throws the failures of `failures.ts`. */
  async dm(user: string, text: Message): Promise<void> {
    await this.#lanes.replies('chat.postMessage', { channel: user, ...text, ...quietly })
  }
}
