/**
 * Prints the tables of a run that was kept:
 *
 *     npm run --silent bench -- --json > run.json
 *     node bench/print.ts < run.json
 */
import { text } from 'node:stream/consumers'
import { readDocument } from './document.ts'
import { JOBS } from './jobs.ts'
import { tables } from './table.ts'

console.log(tables(readDocument(await text(process.stdin)), JOBS))
