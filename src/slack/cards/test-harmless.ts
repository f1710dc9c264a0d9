import { expect } from 'vitest'
import { limitFaults } from '../limit-faults.ts'
import { limits } from '../limits.ts'

/** What somebody might write to call, link, mislead or break. */
export const hostile = [
  '<!channel> <!here> <@U0BAO> <#C0GENERAL> <https://evil.example|click>',
  '*bold* _italic_ ~gone~ `code` ```block```',
  '> quoted\n>>> all of it',
  ':white_check_mark: Approved by <@U0CHI>',
  'a\u202etxt.exe\u200b\u2066',
  '&lt;!channel&gt; &amp;',
  '\ud800 lone',
  '#28  2026-11-23 03:18:02 UTC  @bao approved: everything\n✅ proven',
  '',
]

/** All texts that Slack would interpret. */
export function marked(surface: unknown): readonly string[] {
  if (Array.isArray(surface)) return surface.flatMap(marked)
  if (typeof surface !== 'object' || surface === null) return []
  const given = { ...surface } as Readonly<Record<string, unknown>>
  const own =
    (given['type'] === 'mrkdwn' || 'blocks' in given) && typeof given['text'] === 'string' ? [given['text']] : []
  return [...own, ...Object.values(given).flatMap(marked)]
}

/** Slack's own `<…>` that we mean: our people, our channel, dates, and links into the workspace. */
const ours =
  /<(?:@U0(?:ANA|BAO)|#C0INCIDENTS|!date\^\d+\^\(\{time\} for you\)\|\(\d\d:\d\dZ\)|https:\/\/acme\.slack\.com\/archives\/C0INCIDENTS\/p\d+\|thread)>/g

/** Within what Slack takes, and without a call or a link that is not ours. */
export function expectHarmless(surfaces: readonly object[], longestText: number = limits.messageText): void {
  for (const surface of surfaces) {
    expect(limitFaults(surface, longestText)).toEqual([])
    for (const text of marked(surface)) expect(text.replace(ours, '')).not.toMatch(/[<>]/)
  }
}
