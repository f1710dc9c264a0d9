import { createHash } from 'node:crypto'
import canonicalize from 'canonicalize'
import type { Finding } from '#/incident/findings.ts'
import type { ActionContext } from '../action.ts'
import { fit } from '../words.ts'

/** A finding as a review words it. `state`: everything about it that, when it changes, people have to look at it once more. */
export type Draft = Omit<Finding, 'key' | 'title'> & { readonly state: unknown; readonly noun: string }

/** The finding, with a key that is the same for the same thing in the same state. */
export function findingOf({ state, noun, kind, subject, says, flags, ...rest }: Draft): Finding {
  const seen = createHash('sha256')
    .update(canonicalize(JSON.parse(JSON.stringify(state ?? null))) ?? '')
    .digest('hex')
  return {
    key: `${kind}:${fit(subject.id, 200)}@${seen.slice(0, 12)}`,
    kind,
    subject: { ...subject, name: fit(subject.name, 200) },
    title: `${noun} “${fit(subject.name, 60)}”`,
    says: fit(says, 900),
    flags: flags.slice(0, 10).map((flag) => fit(flag, 250)),
    ...rest,
  }
}

/** What people have not spoken for yet, and how many they have. */
export function unspoken(
  findings: readonly Finding[],
  { order }: Pick<ActionContext, 'order'>,
): { readonly findings: readonly Finding[]; readonly expected: number } {
  const expected = new Set(order.expected)
  const left = findings.filter(({ key }) => !expected.has(key))
  return { findings: left.slice(0, most), expected: findings.length - left.length }
}

/** "2 that nobody has spoken for, 1 accepted in an earlier review" */
export function unspokenWords({ length }: readonly Finding[], expected: number): string {
  const left = `${length === 0 ? 'none' : length} that nobody has spoken for`
  return expected === 0 ? left : `${left}, ${expected} accepted in an earlier review`
}

/** More than this nobody decides one by one; the file has all of them, and a later look shows those that are left. */
const most = 100
