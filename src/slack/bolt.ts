import { App } from '@slack/bolt'
import type { z } from 'zod'
import { answerForm, workingForm } from './cards/forms.ts'
import { saying } from './cards/lists.ts'
import { literal, mrkdwn, sentence } from './cards/text.ts'
import { NotRecorded } from './door.ts'
import { tell } from './inbound/answers.ts'
import { autenticoCommand } from './inbound/autentico-command.ts'
import type { Counter } from './inbound/counter.ts'
import type { Asked, Desk, Filled, FormAnswer, Press, Shortcut, Submission } from './inbound/desk.ts'
import { home } from './inbound/home.ts'
import {
  anybody,
  commandPayload,
  type FieldValues,
  homePayload,
  keyOfForm,
  keysOf,
  pressPayload,
  shortcutPayload,
  submissionPayload,
  suggestionPayload,
  userId,
} from './inbound/payloads.ts'
import { suggestTargets } from './inbound/target.ts'
import { sdkLogger } from './log.ts'
import type { Where } from './outbound.ts'
import type { Doorway } from './receivers.ts'
import { fields, presses, readReference } from './references.ts'
import type { Repeats } from './repeats.ts'
import { pressed, sent, used } from './routes.ts'
import { readThreadNews, type ThreadNews } from './thread-news.ts'

/** A form that stayed open with what is wrong in it may be sent again as it is: what was wrong may lie elsewhere. */
function saysErrors(answer: unknown): boolean {
  return (
    typeof answer === 'object' && answer !== null && 'response_action' in answer && answer.response_action === 'errors'
  )
}

type Context = Readonly<Record<string, unknown>>

export type BoltDeps = {
  readonly receiver: Doorway
  readonly desk: Desk
  readonly counter: Counter
  readonly repeats: Repeats
  readonly token: string
  /** Told of everything that is written, edited and deleted in the channels that the bot is in. */
  readonly onThread: (news: ThreadNews) => Promise<void>
}

/**
 * Bolt, with one route for each kind of thing that comes in. Its own checks of the token are left out: who we are is asked
 * by ourselves, and Slack being away must not keep the program from starting.
 */
export function createBolt({ receiver, desk, counter, repeats, token, onThread }: BoltDeps): App {
  const app = new App({
    receiver,
    authorize: async () => ({ botToken: token }),
    ignoreSelf: false,
    convoStore: false,
    logger: sdkLogger(desk.log, 'bolt'),
    clientOptions: { retryConfig: { retries: 0 }, timeout: 2500, rejectRateLimitedCalls: true },
  })
  const again = (body: unknown, context: Context) => (acked: Promise<unknown>) =>
    repeats.earlier(keysOf(body, context['envelope']), acked) ?? formAgain(body, acked)
  const formAgain = (body: unknown, acked: Promise<unknown>) => {
    const key = keyOfForm(body)
    return key === undefined ? undefined : repeats.earlier([key], acked, saysErrors)
  }
  const sorryTo = (asked: Pick<Asked, 'user' | 'where'>) => async (said: string) => {
    await desk.outbound.replyPrivately(asked.user, asked.where, saying(sentence(said)))
  }

  app.command(/.*/, async ({ body, ack, context }) => {
    const read = commandPayload.safeParse(body)
    if (!read.success) return unreadable(desk, body, ack)
    const {
      user_id: user,
      channel_id: channel,
      trigger_id: trigger,
      response_url: responseUrl,
      text,
      thread_ts: thread,
    } = read.data
    const asked = { user: userId(user), trigger, where: whereOf({ channel, thread, responseUrl }) }
    await counter.take<undefined>({
      what: '/autentico',
      repeated: again(body, context),
      ack: async () => ack(),
      whenLate: () => undefined,
      work: async (reply) => autenticoCommand({ ...asked, text, ack: async () => void (await reply()) }, desk),
      sorry: sorryTo(asked),
    })
  })

  app.action(/.*/, async ({ body, ack, context }) => {
    const read = pressPayload.safeParse(body)
    const [action] = read.success ? read.data.actions : []
    if (!read.success || action === undefined) return unreadable(desk, body, ack)
    const { user, trigger_id: trigger } = read.data
    const { name, value } = chosen(action)
    const asked = { user: userId(user.id), trigger, where: placeOf(read.data) }
    await counter.take<undefined>({
      what: `button ${name.slice(0, 40)}`,
      repeated: again(body, context),
      ack: async () => ack(),
      whenLate: () => undefined,
      work: async (reply) => {
        const press = { ...asked, value, ...formOf(read.data, value), ack: async () => void (await reply()) }
        const handler = Object.hasOwn(pressed, name) ? pressed[name] : undefined
        // The fields of the forms report themselves too, some of them.
        if (handler === undefined && Object.hasOwn(fields, name)) return press.ack()
        if (name !== presses.link) refuseWhenClosed(desk)
        if (handler !== undefined) return handler(press, desk)
        await press.ack()
        await tell(
          desk,
          press,
          'This button is not one of ours, or was made by an earlier version. Nothing was done. Use the buttons on the card of the incident.',
        )
      },
      sorry: sorryTo(asked),
    })
  })

  app.view(/.*/, async ({ body, ack, context }) => {
    const read = submissionPayload.safeParse(body)
    if (!read.success || body.type !== 'view_submission') return unreadable(desk, body, ack)
    const { user, view } = read.data
    const title = view.title?.text ?? 'Answer'
    let late = false
    await counter.take<object | undefined>({
      what: `form ${view.callback_id.slice(0, 40)}`,
      repeated: again(body, context),
      ack: async (answer) => (ack as (answer?: object) => Promise<void>)(answer),
      whenLate: () => {
        late = true
        return { response_action: 'update', view: workingForm(title) }
      },
      work: async (reply) => {
        const values = valuesOf(view.state.values)
        const typedTexts = [...values.values()].map(({ typed }) => typed)
        const submission: Submission = {
          user: userId(user.id),
          form: view.id,
          reference: readReference(view.private_metadata),
          metadata: view.private_metadata,
          ...filled(values),
          answer: async (answer) => {
            if (!late && (await reply(ackOf(answer)))) return
            await desk.call('views.update', {
              view_id: view.id,
              view: lateForm(title, answer, typedTexts),
            })
          },
        }
        const handler = Object.hasOwn(sent, view.callback_id) ? sent[view.callback_id] : undefined
        if (handler !== undefined) {
          try {
            refuseWhenClosed(desk)
            return await handler(submission, desk)
          } catch (error) {
            if (!(error instanceof NotRecorded)) throw error
            desk.log.error({ form: title, why: error.message }, 'what somebody asked for could not be recorded')
            const form = answerForm(title, [sentence(error.message)], typedTexts)
            return submission.answer({ kind: 'form', form })
          }
        }
        await submission.answer({
          kind: 'form',
          form: answerForm(
            title,
            [literal('This form is not one of ours, or was made by an earlier version. Nothing was done.')],
            [],
          ),
        })
      },
      sorry: async (said) => {
        if (late) await desk.call('views.update', { view_id: view.id, view: answerForm(title, [sentence(said)], []) })
        else await desk.outbound.replyPrivately(user.id, {}, saying(sentence(said)))
      },
    })
  })

  app.options(/.*/, async ({ body, ack }) => {
    const read = suggestionPayload.safeParse(body)
    if (!read.success) return unreadable(desk, body, ack)
    const { user, action_id: field, value: typed } = read.data
    await counter.take<object>({
      what: `options ${field.slice(0, 40)}`,
      repeated: () => undefined,
      ack: async (answer) => (ack as (answer?: object) => Promise<void>)(answer ?? { options: [] }),
      whenLate: () => ({ options: [] }),
      work: async (reply) => {
        if (field === fields.target)
          await suggestTargets(
            { user: userId(user.id), typed, answer: async (options) => void (await reply(options)) },
            desk,
          )
      },
      sorry: async () => undefined,
    })
  })

  app.shortcut(/.*/, async ({ body, ack, context }) => {
    const read = shortcutPayload.safeParse(body)
    if (!read.success) return unreadable(desk, body, ack)
    const { user, callback_id: name, trigger_id: trigger, response_url: responseUrl, channel, message } = read.data
    const asked = {
      user: userId(user.id),
      trigger,
      where: whereOf({ channel: channel?.id, thread: message?.thread_ts, responseUrl }),
    }
    await counter.take<undefined>({
      what: `shortcut ${name.slice(0, 40)}`,
      repeated: again(body, context),
      ack: async () => ack(),
      whenLate: () => undefined,
      work: async (reply) => {
        const shortcut: Shortcut = {
          ...asked,
          ack: async () => void (await reply()),
          ...(message === null || message === undefined || channel === null || channel === undefined
            ? {}
            : {
                message: {
                  channel: channel.id,
                  ts: message.ts,
                  text: message.text,
                  ...(message.thread_ts === undefined ? {} : { thread: message.thread_ts }),
                },
              }),
        }
        refuseWhenClosed(desk)
        const handler = Object.hasOwn(used, name) ? used[name] : undefined
        if (handler !== undefined) return handler(shortcut, desk)
        await shortcut.ack()
        await tell(
          desk,
          shortcut,
          'This shortcut is not one of ours, or was made by an earlier version. Nothing was done.',
        )
      },
      sorry: sorryTo(asked),
    })
  })

  app.event('app_home_opened', async ({ body, context }) => {
    const read = homePayload.safeParse(body)
    if (!read.success || (read.data.event.tab ?? 'home') !== 'home') return
    const { user } = read.data.event
    await counter.take<undefined>({
      what: 'the Home tab',
      repeated: again(body, context),
      ack: async () => undefined,
      whenLate: () => undefined,
      work: async () => home({ user: userId(user) }, desk),
      sorry: async () => undefined,
    })
  })

  app.event('message', async ({ body }) => {
    await counter.take<undefined>({
      what: 'a message',
      // Whoever records it knows a message by its own name.
      repeated: () => undefined,
      ack: async () => undefined,
      whenLate: () => undefined,
      work: async () => {
        const news = readThreadNews(body, await desk.workspace.identity())
        if (news === undefined) desk.log.warn({}, 'a message event has not the form that Slack documents')
        else await onThread(news)
      },
      sorry: async () => undefined,
    })
  })

  app.error(async (error) => {
    desk.log.warn({ why: error.message }, 'a delivery could not be routed')
  })
  return app
}

/** Forms that could never be recorded are not even opened. */
function refuseWhenClosed({ door }: Desk): void {
  if (door.closed !== undefined) throw new NotRecorded(door.closed)
}

/** Something that has not the form of what Slack sends. Its sender is told, if it names one. */
async function unreadable(desk: Desk, body: unknown, ack: (() => Promise<void>) | undefined): Promise<void> {
  desk.log.warn({}, 'a delivery has not the form that Slack documents')
  const read = anybody.safeParse(body)
  const user = read.success ? (read.data.user?.id ?? read.data.user_id) : undefined
  // It gets no yes where there is nobody to be told that nothing was done.
  if (user === undefined || !read.success) return
  await ack?.().catch(() => undefined)
  const said = mrkdwn`That could not be read, so nothing was done. Try once more.`
  await desk.outbound.replyPrivately(
    user,
    whereOf({ channel: undefined, thread: undefined, responseUrl: read.data.response_url }),
    saying(said),
  )
}

/** The press of a button, or of a line of the overflow menu, whose value begins with the press. */
function chosen(action: z.infer<typeof pressPayload>['actions'][number]): {
  readonly name: string
  readonly value: string
} {
  if (action.action_id !== presses.more) return { name: action.action_id, value: action.value ?? '' }
  const text = action.selected_option?.value ?? ''
  const bar = text.indexOf('|')
  return bar === -1 ? { name: text, value: '' } : { name: text.slice(0, bar), value: text.slice(bar + 1) }
}

/** Where a field of a form was changed: the form, and what it is about. */
function formOf(
  { view, actions }: z.infer<typeof pressPayload>,
  value: string,
): Pick<Press, 'reference' | 'chosen' | 'view'> {
  if (view?.type !== 'modal') return { reference: readReference(value) }
  return {
    reference: readReference(view.private_metadata),
    chosen: actions[0]?.selected_option?.value ?? '',
    view: { id: view.id, ...filled(valuesOf(view.state?.values ?? {})) },
  }
}

function placeOf({ channel, container, message, response_url: responseUrl }: z.infer<typeof pressPayload>): Where {
  const thread = message?.thread_ts ?? container?.thread_ts
  return whereOf({ channel: channel?.id ?? container?.channel_id, thread, responseUrl })
}

function whereOf({
  channel,
  thread,
  responseUrl,
}: {
  readonly channel: string | undefined
  readonly thread: string | undefined
  readonly responseUrl: string | undefined
}): Where {
  return {
    ...(channel === undefined ? {} : { channel }),
    ...(thread === undefined ? {} : { thread }),
    ...(responseUrl === undefined ? {} : { responseUrl }),
  }
}

type FieldValue = { readonly value: string; readonly words: string; readonly typed: string }

function filled(values: ReadonlyMap<string, FieldValue>): Filled {
  return {
    value: (field) => values.get(field)?.value ?? '',
    words: (field) => values.get(field)?.words ?? '',
    has: (field) => values.has(field),
  }
}

function valuesOf(state: FieldValues): ReadonlyMap<string, FieldValue> {
  return new Map(
    Object.values(state).flatMap((block) =>
      Object.entries(block).map(([field, { value, selected_option: option }]) => {
        const words = option?.text?.text ?? ''
        return [field, { value: value ?? option?.value ?? '', words, typed: value ?? '' }] as const
      }),
    ),
  )
}

function ackOf(answer: FormAnswer): object | undefined {
  switch (answer.kind) {
    case 'close':
      return undefined
    case 'errors':
      return { response_action: 'errors', errors: answer.errors }
    case 'form':
      return { response_action: 'update', view: answer.form }
  }
}

/** The answer came after Slack had stopped waiting: it takes the place of the form, with what was typed. */
function lateForm(title: string, answer: FormAnswer, typed: readonly string[]): object {
  switch (answer.kind) {
    case 'close':
      return answerForm(title, [literal('Done. The thread shows it.')], [])
    case 'errors':
      return answerForm(title, [literal('Nothing was recorded:'), ...Object.values(answer.errors).map(sentence)], typed)
    case 'form':
      return answer.form
  }
}
