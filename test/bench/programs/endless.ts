/** A contestant that never ends by itself. */
import { contestant } from '../../../bench/contestant.ts'

setInterval(() => undefined, 60_000)
await contestant(() => new Promise(() => undefined))
