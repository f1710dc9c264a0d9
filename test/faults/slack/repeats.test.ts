import { fault } from '../harness/fault.ts'
import { repeated } from './repeated-deliveries.ts'
import { overHttp } from './slack-http.ts'

const often = [
  'twice in parallel',
  'four times in parallel',
  'after 3 s',
  'out of order',
  'after a restart',
  'after a kill',
]

fault({ ...repeated, ci: 2, nightly: 60, variants: often })
fault({ ...repeated, ci: 0, nightly: 3, variants: ['after 1 min', 'after 5 min'], budgetMs: 400_000 })
fault({
  ...repeated,
  title: `${repeated.title}, over HTTP`,
  ci: 1,
  nightly: 60,
  variants: ['in the same second', ...often.filter((way) => !way.endsWith('in parallel'))],
  world: await overHttp(),
})
