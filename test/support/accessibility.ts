import { AxeBuilder } from '@axe-core/playwright'
import { expect } from 'vitest'
import type { Window } from './window.ts'

/** What axe says of a page: how many rules it found something to look at for, and what is serious. */
export type Findings = { readonly passed: number; readonly serious: readonly string[] }

/** What axe is to look at, and by which rules (default: all). */
export type Scope = { readonly rules?: readonly string[]; readonly glass?: boolean }

/** Looks at what the window shows with axe; behind the glass only when asked to, for that is long and the same beside everything. */
export async function look({ page }: Window, { rules, glass = false }: Scope = {}): Promise<Findings> {
  const axe = new AxeBuilder({ page }).setLegacyMode(true)
  if (!glass) axe.exclude('[aria-label="Behind the glass"]')
  if (rules !== undefined) axe.withRules([...rules])
  const { passes, violations } = await axe.analyze()
  const serious = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical')
  return {
    passed: passes.length,
    serious: serious.flatMap(({ id, nodes }) =>
      nodes.map(({ target, failureSummary }) => `${id}: ${target.join(' ')} ${failureSummary ?? ''}`),
    ),
  }
}

/**
 * Expects that axe has nothing serious to say of what this window shows, in light and in dark, and that the page is no wider than the window.
 * Goes on after a finding, so that one run names them all.
 */
export async function expectAccessible(window: Window, shown: string, scope: Scope = {}): Promise<void> {
  const { page } = window
  await page.emulateMedia({ colorScheme: 'light' })
  const light = await look(window, scope)
  // Only the colours are others in the dark.
  await page.emulateMedia({ colorScheme: 'dark' })
  const dark = await look(window, { ...scope, rules: ['color-contrast'] })
  await page.emulateMedia({ colorScheme: 'light' })

  expect.soft(light.serious, `${shown}, light`).toEqual([])
  expect.soft(dark.serious, `${shown}, dark`).toEqual([])
  expect(light.passed).toBeGreaterThan(20)
  expect(dark.passed).toBe(1)
  expect.soft(await overflow(window), `${shown}: pixels that the page is wider than the window`).toBeLessThanOrEqual(0)
}

async function overflow({ page }: Window): Promise<number> {
  return page.evaluate<number>('document.documentElement.scrollWidth - window.innerWidth')
}
