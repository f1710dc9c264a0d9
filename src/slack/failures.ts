import { WebAPIPlatformError, WebAPIRateLimitedError } from '@slack/web-api'

/** Slack wants fewer calls of this kind. Nothing was done; the same call may be made again after `retryAfterMs`. */
export class RateLimited extends Error {
  override readonly name = 'RateLimited'
  readonly retryAfterMs: number

  constructor(method: string, retryAfterMs: number) {
    super(`Slack limits ${method}: again in ${Math.ceil(retryAfterMs / 1000)} s`)
    this.retryAfterMs = retryAfterMs
  }
}

/**
 * Slack did not answer, or broke off. It may be tried again. Of a message we cannot tell whether it was posted: look in the
 * thread first.
 */
export class SlackUnavailable extends Error {
  override readonly name = 'SlackUnavailable'

  constructor(method: string, why: string, options?: ErrorOptions) {
    super(`Slack does not answer ${method}: ${why}`, options)
  }
}

/** Slack said no and will keep saying no. `code` is Slack's own; `remedy` says what an operator does about it. */
export class SlackRejected extends Error {
  override readonly name = 'SlackRejected'
  readonly code: string
  readonly remedy: string
  /** The scope that is missing, where that is the reason. */
  readonly needed: string | undefined

  constructor(method: string, code: string, needed?: string) {
    const remedy = remedyFor(code, needed)
    super(`Slack refused ${method}: ${code}. ${remedy}`)
    this.code = code
    this.remedy = remedy
    this.needed = needed
  }
}

export type SlackFailure = RateLimited | SlackUnavailable | SlackRejected

// HTTP 200 with one of these means that Slack itself is in trouble.
const troubles: ReadonlySet<string> = new Set([
  'internal_error',
  'fatal_error',
  'service_unavailable',
  'request_timeout',
  'rollup_error',
])

/** Makes one of the three failures of whatever a call threw. Tokens never stand in their messages. */
export function failureOf(method: string, error: unknown): SlackFailure {
  if (error instanceof RateLimited || error instanceof SlackUnavailable || error instanceof SlackRejected) return error
  if (error instanceof WebAPIRateLimitedError) return new RateLimited(method, Math.max(1, error.retryAfter) * 1000)
  if (error instanceof WebAPIPlatformError) {
    const { error: code } = error.data
    if (code === 'ratelimited' || code === 'rate_limited') return new RateLimited(method, 1000)
    if (troubles.has(code)) return new SlackUnavailable(method, code)
    const { needed } = error.data as { readonly needed?: unknown }
    return new SlackRejected(method, code, typeof needed === 'string' ? needed : undefined)
  }
  const why = error instanceof Error ? error.message : 'unknown error'
  // A 429 without a usable Retry-After comes as a plain error.
  if (why.startsWith('Retry header did not contain')) return new RateLimited(method, 5000)
  return new SlackUnavailable(method, why)
}

/** Whether Slack takes nothing at all of ours until somebody mends the token. */
export function concernsToken({ code }: SlackRejected): boolean {
  return tokenCodes.has(code)
}

const tokenCodes: ReadonlySet<string> = new Set([
  'invalid_auth',
  'not_authed',
  'account_inactive',
  'token_revoked',
  'token_expired',
  'two_factor_setup_required',
  'accesslimited',
])

function remedyFor(code: string, needed: string | undefined): string {
  if (code === 'missing_scope') return `Add the scope ${needed ?? 'it names'} to the app and install it again.`
  return remedies[code] ?? 'Look the code up in the documentation of that method.'
}

const remedies: Readonly<Record<string, string>> = {
  invalid_auth: 'The token is wrong or was revoked: set a fresh one and start again.',
  not_authed: 'No token was sent: set SLACK_BOT_TOKEN.',
  account_inactive: 'The token belongs to a removed app or user: install the app again.',
  token_revoked: 'The token was revoked: install the app again and set the new one.',
  token_expired: 'The token has expired: set a fresh one.',
  not_in_channel: 'Invite the bot to the channel: type /invite @autentico there.',
  channel_not_found:
    'The channel id is wrong, or the channel is private and the bot is not in it: type /invite @autentico there.',
  is_archived: 'The channel is archived: restore it, or set another INCIDENT_CHANNEL.',
  is_inactive: 'The channel is archived: restore it, or set another INCIDENT_CHANNEL.',
  message_not_found: 'Somebody deleted the message: post a new one.',
  cant_update_message: 'The message belongs to somebody else: post a new one.',
  edit_window_closed: 'The workspace does not allow editing messages this old: post a new one.',
  msg_too_long: 'The text is longer than 4,000 characters: shorten it.',
  file_uploads_disabled: 'The workspace does not allow files: ask its administrator.',
  file_uploads_except_images_disabled: 'The workspace allows no files but pictures: ask its administrator.',
  file_type_not_allowed: 'The workspace does not allow files of this type: ask its administrator.',
  file_upload_size_restricted: 'The file is larger than the workspace allows.',
  storage_limit_reached: "The workspace's storage for files is full.",
  unknown_upload_address: 'The address for the bytes is not one of Slack, so nothing was sent there.',
  posting_to_channel_denied: 'The bot may not post in this channel: ask the administrator of the workspace.',
  plan_upgrade_required: 'User groups need a paid plan: list people instead of groups.',
  link_disabled: 'Socket Mode is switched off for the app: switch it on.',
  user_not_in_channel: 'The person is not in the channel.',
  team_access_not_granted: 'The app is not installed in that workspace.',
  expired_trigger_id: 'More than three seconds had passed since the click: press again.',
  trigger_expired: 'More than three seconds had passed since the click: press again.',
  exchanged_trigger_id: 'The click was used already: press again.',
  trigger_exchanged: 'The click was used already: press again.',
}
