import { isObject, type JsonObject } from '#/drill/slack/json.ts'

/**
 * The words that mallory would have people read, each around a mark by which it is recognised wherever it turns up. Slack would make
 * a ping, a link, bold, code, a quote or a line of ours of it if it got through as it is.
 */
export function injections(mark: string): readonly string[] {
  const wraps = [
    '<!channel|@>',
    '<!here|@>',
    '<!everyone|@>',
    '<@U0MALLORY|@>',
    '<#C0OTHER|@>',
    '<!subteam^S0OTHER|@>',
    '<!date^1^{date}|@>',
  ]
  const links = [
    '<http://evil.test/@|click>',
    '<mailto:x@evil.test|@>',
    '<javascript:alert(1)|@>',
    '[@](http://evil.test)',
    '<tel:1|@>',
  ]
  const styles = [
    '*@*',
    '_@_',
    '~@~',
    '`@`',
    '```@```',
    '*_~`@`~_*',
    '\n> @',
    '\n>>> @',
    ':@:',
    '• *@*',
    '\u200b*@*\u200b',
    '*\u2060@*',
  ]
  const lines = [
    '\n✅ *Approved* by bao @',
    '\r\n✅ Approved by bao @',
    '\u2028✅ Approved @',
    '\u0085✅ @',
    '\n#99 · 2026-11-23 03:00:00 UTC · 0000… @',
    '\u202e@\u202c',
    '\u200f@',
    '\ufeff@',
  ]
  const breaks = [
    '"}]},{"type":"section","text":"@',
    '</context>@',
    '&lt;!channel&gt;@',
    '&amp;lt;!here&amp;gt;@',
    '${@}',
    '{{@}}',
    '%s@',
    '\\u003c!channel\\u003e@',
    '\0@',
    '\ud800@',
    '<!channel',
    '<@U0BAO',
    '<',
    '>',
    '&',
    '<<!here>>@',
    '=HYPERLINK("http://evil.test","@")',
    '+@',
    '-@',
    '@'.repeat(3),
    '| @ |',
    '# @',
    '---\n@',
    '<script>@</script>',
  ]
  const long = [
    '@'.padEnd(3_001, 'x'),
    `@${'*'.repeat(500)}`,
    `@${'<!channel>'.repeat(250)}`,
    `@${'\n'.repeat(300)}`,
    `@${'🙂'.repeat(1_400)}`,
    `@${'é'.repeat(1_400)}`,
    `@${'&'.repeat(2_900)}`,
  ]
  const all = [...wraps, ...links, ...styles, ...lines, ...breaks, ...long]
  const twice = all.slice(0, 100 - all.length).map((text) => `x ${text} y ${text}`)
  return [...all, ...twice].map((text) => text.replaceAll('@', mark))
}

/** Whatever of this text would be read as Slack's markup around the mark; written apart from what makes our markup. */
export function liveMarkup(text: string, mark: string): readonly string[] {
  const m = mark.replaceAll(/[^A-Za-z0-9]/g, '')
  const around: readonly RegExp[] = [
    /<!(?:channel|here|everyone)[^>]*>/g,
    /<[@#]?(?:U0MALLORY|C0OTHER)[^>]*>/g,
    /<!subteam\^S0OTHER[^>]*>/g,
    new RegExp(`<[^<>]*(?:evil\\.test|javascript:|${m})[^<>]*>`, 'g'),
    new RegExp(`(?:^|[^\\w])[*_~\`][\u200b\u2060]?${m}`, 'gm'),
    new RegExp(`^\\s*(?:&gt;|>)+[^\\n]*${m}`, 'gm'),
    new RegExp(`:${m}:`, 'gi'),
    new RegExp(`^✅ ?\\*?Approved[^\\n]*${m}`, 'gm'),
    new RegExp(`^#99[^\\n]*${m}`, 'gm'),
    /[\u202a-\u202e\u2066-\u2069]/g,
  ]
  return around.flatMap((pattern) => [...text.matchAll(pattern)].map(([found]) => found))
}

/** Every text of a message, a form or the Home tab that Slack reads as markup. */
export function formattedTexts(value: unknown): readonly string[] {
  if (Array.isArray(value)) return value.flatMap(formattedTexts)
  if (typeof value !== 'object' || value === null) return []
  const object = value as JsonObject
  const own = object['type'] === 'mrkdwn' && typeof object['text'] === 'string' ? [object['text']] : []
  const spoken = Array.isArray(object['blocks']) && typeof object['text'] === 'string' ? [object['text']] : []
  return [
    ...own,
    ...spoken,
    ...Object.values(object)
      .filter((one) => Array.isArray(one) || isObject(one))
      .flatMap(formattedTexts),
  ]
}
