import type { GlassActs } from '../../wire.ts'
import type { View } from './memory.ts'

/** Does something behind the glass once, however often it is pressed meanwhile. What goes wrong becomes a notice; never rejects. */
export async function doOnce<Part extends keyof GlassActs>(
  { context, memory }: View,
  part: Part,
  body: GlassActs[Part],
): Promise<void> {
  if (memory.underway.has(part)) return
  memory.underway.add(part)
  context.redraw()
  try {
    await context.glass(part, body)
  } catch (error) {
    context.notice(error instanceof Error ? error.message : String(error))
  } finally {
    memory.underway.delete(part)
    context.redraw()
  }
}
