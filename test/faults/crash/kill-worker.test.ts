import { fault } from '../harness/fault.ts'
import { killedOnTheWay } from './deaths.ts'

fault({
  ...killedOnTheWay,
  variants: [
    'after a worker took an order',
    'after a worker said that it started',
    'before a change on Autentico is sent',
    'after a change on Autentico was answered',
    'after the journal took the outcome',
    'before an outcome is put into the queue',
    'after an outcome was put into the queue',
  ],
})
