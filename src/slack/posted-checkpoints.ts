/** A checkpoint as it stands in a box of its own, letter for letter (C2SP signed-note, tlog-checkpoint). */
const checkpoint = /^\S+\n\d+\n[A-Za-z0-9+/]{43}=\n\n(?:— \S+ [A-Za-z0-9+/]+=*\n?)+$/u

/** The checkpoints in the blocks of a message, as Slack gives them back. Nothing of them is verified. */
export function checkpointsIn(blocks: unknown): readonly string[] {
  if (typeof blocks !== 'object' || blocks === null) return []
  const { type } = blocks as { readonly type?: unknown }
  if (type !== 'rich_text_preformatted') return Object.values(blocks).flatMap(checkpointsIn)
  const text = textIn(blocks)
  return checkpoint.test(text) ? [text] : []
}

/** Slack may give one text back in several pieces. */
function textIn(value: unknown): string {
  if (typeof value !== 'object' || value === null) return ''
  const { text, elements } = value as { readonly text?: unknown; readonly elements?: unknown }
  return typeof text === 'string' ? text : Array.isArray(elements) ? elements.map(textIn).join('') : ''
}
