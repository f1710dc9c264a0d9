import { type Actor, actorName, type Person } from '#/incident/people.ts'
import { utc } from '#/incident/times.ts'

/** Slack's mrkdwn, ready to be sent. Only this file makes it out of words that somebody else wrote. */
export type Mrkdwn = string & { readonly __brand: 'Mrkdwn' }

/**
 * Literal text for a place with markup. `&`, `<` and `>` are escaped as Slack asks, so nothing mentions or links. Slack has
 * no escape for its other signs, so those that could open bold, italic, strike, code, a quote or an emoji are replaced by
 * letters that look alike; invisible and direction-changing characters go. Lines are kept.
 */
export function literal(text: string): Mrkdwn {
  return visible(text)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replace(/^(\s*)>+/gmu, '$1›')
    .replaceAll('>', '&gt;')
    .replaceAll('*', '∗')
    .replaceAll('~', '∼')
    .replaceAll('`', 'ˋ')
    .replace(/(?<![\p{L}\p{N}])_|_(?![\p{L}\p{N}])/gu, 'ˍ')
    .replace(/:(?=[\w+'-]*[a-z][\w+'-]*:)/giu, '꞉') as Mrkdwn
}

/** The same on one line, cut to `longest` characters before it is escaped. */
export function line(text: string, longest = 200): Mrkdwn {
  return literal(shortened(oneLine(text), longest))
}

/**
 * A sentence of a worker or of the rules, on one line: literal, except that the name of a setting, a command of ours and a short one
 * of openssl stand as code where they are written in backticks.
 */
export function prose(text: string, longest = 200): Mrkdwn {
  return shortened(oneLine(text), longest)
    .split(/(`(?:[A-Z][A-Z0-9_]{2,40}|\/autentico[a-z ]{0,20}|openssl [a-z0-9 -]{1,40})`)/)
    .map((piece, index) => (index % 2 === 0 ? literal(piece) : piece))
    .join('') as Mrkdwn
}

/** Our own words around values that are mrkdwn already. */
export function mrkdwn(parts: TemplateStringsArray, ...values: readonly (Mrkdwn | number)[]): Mrkdwn {
  return String.raw({ raw: parts }, ...values) as Mrkdwn
}

/** A sentence of ours that may carry code in backticks; whatever else is in it is literal. */
export function sentence(text: string): Mrkdwn {
  const pieces = text.split('`')
  // An odd number of backticks is not ours.
  if (pieces.length % 2 === 0) return literal(text)
  return pieces
    .map((piece, index) => (index % 2 === 0 || piece === '' ? literal(piece) : `\`${literal(piece)}\``))
    .join('') as Mrkdwn
}

/** With a capital, to begin a line. */
export function capital(words: Mrkdwn): Mrkdwn {
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}` as Mrkdwn
}

/** On one line, letter for letter: in code Slack knows no signs but the one that ends it. */
export function code(text: string, longest = 200): Mrkdwn {
  const shown = shortened(oneLine(text), longest).replaceAll('`', 'ˋ')
  const escaped = shown.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
  return (escaped === '' ? '–' : `\`${escaped}\``) as Mrkdwn
}

/** Joins mrkdwn, one piece a line. */
export function lines(...pieces: readonly (Mrkdwn | undefined)[]): Mrkdwn {
  return pieces.filter((piece) => piece !== undefined && piece !== '').join('\n') as Mrkdwn
}

/** Without control characters, invisible ones and those that turn the direction of writing; line ends are `\n`. */
export function visible(text: string): string {
  return text
    .toWellFormed()
    .replace(/\r\n?|[\u2028\u2029\u0085\v\f]/gu, '\n')
    .replaceAll('\t', ' ')
    .replace(/[^\P{Cc}\n]|\p{Cf}|[\u115f\u1160\u3164\uffa0]/gu, '')
}

export function oneLine(text: string): string {
  return visible(text).replace(/\s+/gu, ' ').trim()
}

/** At most `longest` characters; what was cut is marked with "…". A pair of surrogates is never cut apart. */
export function shortened(text: string, longest: number): string {
  if (text.length <= longest) return text
  return `${text
    .slice(0, Math.max(0, longest - 1))
    .toWellFormed()
    .replace(/\ufffd$/u, '')}…`
}

/** mrkdwn cut to a limit, never inside an escape or one of Slack's own `<…>`. */
export function fitted(text: Mrkdwn, longest: number): Mrkdwn {
  if (text.length <= longest) return text
  const cut = text
    .slice(0, longest - 1)
    .toWellFormed()
    .replace(/\ufffd$/u, '')
  const open = cut.lastIndexOf('<')
  const whole = open > cut.lastIndexOf('>') ? cut.slice(0, open) : cut
  return `${whole.replace(/&[a-z]{0,3}$/u, '')}…` as Mrkdwn
}

/** `<@U0ANA>` for somebody whose id is in our ledger; the bare name when the id has not the form of one. */
export function mention(person: Person): Mrkdwn {
  const { user } = person.slack
  return /^[UW][A-Z0-9]{2,30}$/.test(user) ? (`<@${user}>` as Mrkdwn) : at(person)
}

/** `@ana`, which names without calling. */
export function at(actor: Actor): Mrkdwn {
  return line(actorName(actor), 80)
}

/** Whether an address is that of a message in Slack, so that it may be linked to. */
export function isOfSlack(url: string): boolean {
  return /^https?:\/\/[\w.:-]+\/archives\/[A-Z0-9]+\/p\d+(?:\?[\w=&.-]*)?$/.test(url)
}

/** A list in words: "@bao", "@bao and @chi", "@bao, @chi and @olu". */
export function listed(names: readonly Mrkdwn[]): Mrkdwn {
  const last = names.at(-1)
  if (last === undefined) return literal('nobody')
  return names.length === 1 ? last : (`${names.slice(0, -1).join(', ')} and ${last}` as Mrkdwn)
}

/** `2026-11-23 03:14 UTC`, followed by the reader's own time where Slack shows it. */
export function moment(iso: string): Mrkdwn {
  return mrkdwn`${literal(minute(iso))}${readersTime(iso)}`
}

/** {@link hour}, followed by the reader's own time. */
export function clock(iso: string, day: string): Mrkdwn {
  return mrkdwn`${literal(hour(iso, day))}${readersTime(iso)}`
}

/** `2026-11-23 03:14 UTC` */
export function minute(iso: string): string {
  return `${iso.slice(0, 10)} ${iso.slice(11, 16)} UTC`
}

/** `03:14 UTC`. `day` is a moment that stands beside it with its date: on another day than that, the date is said again. */
export function hour(iso: string, day: string): string {
  return iso.slice(0, 10) === day.slice(0, 10) ? `${iso.slice(11, 16)} UTC` : minute(iso)
}

/** `2026-11-23 03:18:02 UTC`, followed by the reader's own time. */
export function exactMoment(iso: string): Mrkdwn {
  return mrkdwn`${literal(utc(iso))}${readersTime(iso)}`
}

function readersTime(iso: string): Mrkdwn {
  const seconds = Math.floor(Date.parse(iso) / 1000)
  if (!Number.isFinite(seconds) || seconds < 0) return '' as Mrkdwn
  // Where Slack cannot format a date it shows what stands after the bar, so the sentence reads well without it.
  return ` <!date^${seconds}^({time} for you)|(${iso.slice(11, 16)}Z)>` as Mrkdwn
}

/** A bar of ten, `part` of `whole` of it full. What has begun shows, and what is not over is not full. */
export function bar(part: number, whole: number, begun = 0): Mrkdwn {
  const cells = (amount: number) => (whole <= 0 ? 0 : Math.max(0, Math.min(10, Math.floor((amount / whole) * 10))))
  const full = cells(part)
  const half = Math.max(begun > 0 ? 1 : 0, cells(part + begun) - full)
  const shown = Math.min(half, 10 - full)
  return literal('▓'.repeat(full) + '▒'.repeat(shown) + '░'.repeat(10 - full - shown))
}

/** How long between two moments, in words: "11 min", "2 h 5 min", "less than a minute". */
export function span(from: string, to: string): string {
  const minutes = Math.floor((Date.parse(to) - Date.parse(from)) / 60_000)
  if (!Number.isFinite(minutes) || minutes < 1) return 'less than a minute'
  const hours = Math.floor(minutes / 60)
  const rest = minutes % 60
  if (hours === 0) return `${minutes} min`
  return rest === 0 ? `${hours} h` : `${hours} h ${rest} min`
}

/** `30 minutes`; less than one, `20 seconds`. */
export function minutes(ms: number): string {
  const whole = Math.round(ms / 60_000)
  if (whole < 1) return `${Math.round(ms / 1000)} seconds`
  return whole === 1 ? '1 minute' : `${whole} minutes`
}
