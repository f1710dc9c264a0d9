import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    // Load files the way production does: Node's own loader, types stripped.
    experimental: { viteModuleRunner: false },
    // Most of a story is waiting for another process, so more of them than cores run side by side.
    maxWorkers: 4,
    restoreMocks: true,
    unstubEnvs: true,
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['src/**/*.test.ts', 'test/*.test.ts'],
          // Files share processes: loading everything anew for each of two hundred takes longer than the tests in it.
          isolate: false,
          testTimeout: 20_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'flow',
          include: ['test/flows/{people,machine}/**/*.test.ts', 'test/flows/*.test.ts'],
          testTimeout: 45_000,
          hookTimeout: 90_000,
        },
      },
      // Whole playbooks, and work on ten thousand people: apart, because `npm test` is for every day.
      {
        extends: true,
        test: {
          name: 'playbooks',
          include: ['test/flows/playbooks/**/*.test.ts'],
          testTimeout: 90_000,
          hookTimeout: 180_000,
        },
      },
      // Whoever wants to pass for two people, and whoever changes the record: whole programs, told to do what they must not.
      {
        extends: true,
        test: { name: 'abuse', include: ['test/abuse/**/*.test.ts'], testTimeout: 60_000, hookTimeout: 90_000 },
      },
      // One for each program that they are played at, so that it shows when none was.
      { extends: true, test: { name: 'nginx', include: ['test/proxy/nginx/**/*.test.ts'], testTimeout: 45_000 } },
      { extends: true, test: { name: 'caddy', include: ['test/proxy/caddy/**/*.test.ts'], testTimeout: 45_000 } },
      { extends: true, test: { name: 'faults', include: ['test/faults/**/*.test.ts'], hookTimeout: 90_000 } },
      {
        extends: true,
        test: { name: 'browser', include: ['test/browser/**/*.test.ts'], testTimeout: 120_000, hookTimeout: 60_000 },
      },
      {
        extends: true,
        test: { name: 'live', include: ['test/live/**/*.test.ts'], testTimeout: 30_000, hookTimeout: 60_000 },
      },
    ],
  },
})
