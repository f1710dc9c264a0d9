import { expect, vi } from 'vitest'
import type { Program } from '#/drill/program.ts'
import type { PartReport, Report } from '#/health/parts.ts'

/** What operators see of a running program. */
export type HealthView = {
  readonly url: string
  /** Waits until /readyz says so. */
  readonly untilReady: (status: number, state: Report['state']) => Promise<Report>
  /** What /metrics answers. */
  readonly figures: () => Promise<string>
}

/** The operators' view of a program that was started with HEALTH_ADDRESS; where it answers it says itself. */
export function healthOf({ lines }: Program): HealthView {
  const found = lines
    .map((line) => /"port":(\d+),"msg":"operators are answered"/.exec(line))
    .find((one) => one !== null)
  const url = `http://127.0.0.1:${found?.[1] ?? ''}`
  return {
    url,
    untilReady: async (status, state) =>
      eventually(async () => {
        const response = await fetch(`${url}/readyz`)
        const report = { status: response.status, ...((await response.json()) as Report) }
        expect(report).toMatchObject({ status, state })
        return report
      }),
    figures: async () => (await fetch(`${url}/metrics`)).text(),
  }
}

/** Waits until what is expected here holds. */
export async function eventually<T>(check: () => Promise<T>): Promise<T> {
  return vi.waitFor(check, { timeout: 30_000, interval: 100 })
}

export function partOf({ parts }: Report, name: string): PartReport | undefined {
  return parts.find(({ part }) => part === name)
}

/** The value of a figure, given by its name with the labels; NaN where it is not shown. */
export function figure(text: string, name: string): number {
  const line = text.split('\n').find((one) => one.startsWith(`${name} `))
  return Number(line?.split(' ').at(-1))
}
