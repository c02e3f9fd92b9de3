/** A contestant that counts what is in its folder, and leaves something open. */
import { readdirSync } from 'node:fs'
import { contestant } from '../../../bench/contestant.ts'

setInterval(() => undefined, 60_000)
await contestant(async ({ size, folder }) => [{ size, metric: 'files', unit: '', value: readdirSync(folder).length }])
