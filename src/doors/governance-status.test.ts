import { expect, onTestFinished, test } from 'vitest'
import type { SlackConfig } from '#/config.ts'
import { createGovernance, type Governance, readRulebook } from '#/deciders/governance.ts'
import { temporaryLedger } from '#/ledger/test-support.ts'
import { type Policy, standardPolicy } from '#/policy/policy.ts'
import { standing, start } from '../../test/support/stories.ts'
import { governanceLines, policyFinding, sayGovernance } from './governance-status.ts'

const first = standardPolicy({ ttlMs: 30 * 60_000 })
const stricter: Policy = { ...first, rules: { skip: { ...first.standard, approvals: 2 } } }

/** A bot that adopted `first`, started again with another file. */
function started(configured: Policy): {
  readonly governance: Governance
  readonly store: ReturnType<typeof temporaryLedger>
} {
  const store = temporaryLedger()
  onTestFinished(() => store[Symbol.dispose]())
  const around = { ledger: store.ledger, open: () => [], now: () => new Date(start) }
  createGovernance({ ...around, configured: first })
  return { governance: createGovernance({ ...around, configured }), store }
}

function said(governance: Governance, approvers: readonly string[]): readonly unknown[] {
  const lines: unknown[] = []
  const keep = (fields: object, message: string): void => void lines.push([message, fields])
  const lists: Pick<SlackConfig, 'responders' | 'approvers' | 'userMap'> = {
    responders: ['U0ANA'],
    approvers,
    userMap: new Map(),
  }
  sayGovernance(governance, { slack: lists }, { info: keep, warn: keep })
  return lines
}

test('all is quiet where the configuration says what is in force', () => {
  const { governance } = started(first)
  expect(governanceLines(governance)).toEqual([])
  expect(said(governance, ['U0BAO'])).toEqual([
    [expect.stringContaining('under this policy'), { policy: expect.any(String) as unknown, entry: 1, keys: 0 }],
  ])
})

test('another file is said in the log, on the Home tab and by doctor, and what waits as well', () => {
  const { governance, store } = started(stricter)
  expect(said(governance, ['U0BAO']).at(-1)).toEqual([
    expect.stringContaining('says another policy'),
    expect.objectContaining({ differences: ['skip: approvals 1 → 2'] }),
  ])
  governance.execute({ type: 'AskToAdopt', by: standing('ana'), digest: governance.offered()?.digest ?? '' })
  expect(governanceLines(governance)).toEqual([
    expect.stringMatching(/^⚠️ The configuration says another policy/),
    expect.stringMatching(/^🟡 CHG-1, another policy, .* until 2026-11-23 03:30:00 UTC\.$/),
  ])
  expect(policyFinding(readRulebook(store.ledger), stricter)).toMatchObject({ ok: false })
  expect(policyFinding(readRulebook(store.ledger), first)).toMatchObject({ ok: true })
})

test('a rule that nobody can satisfy any more with the lists of now is said', () => {
  const { governance } = started(first)
  expect(JSON.stringify(said(governance, ['U0ANA']))).toContain('could never be approved')
})
