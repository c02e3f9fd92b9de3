import { join } from 'node:path'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { Session } from 'node:inspector/promises'
import { openNode } from '../../../dist/index.js'
import { startPartner } from '../../partner.ts'
const size = process.argv[2] ?? '100000', out = process.argv[3]
const folder = '/tmp/prof-copy'; rmSync(folder, { recursive: true, force: true }); mkdirSync(folder)
const writer = startPartner(new URL('peerage-writer.ts', import.meta.url), [size, join(folder, 'writer')])
const offered = await writer.ask('offer')
const node = await openNode({ dataDir: join(folder, 'taker'), friendlyName: 'taker' })
const session = new Session(); session.connect()
if (out) { await session.post('Profiler.enable'); await session.post('Profiler.setSamplingInterval', { interval: 200 }); await session.post('Profiler.start') }
import { execSync } from 'node:child_process'
const kick = () => process.env.PROFW && execSync("pkill -USR2 -f '[p]eerage-writer'")
kick()
await new Promise(r => setTimeout(r, 300))
const t = performance.now(), c = process.cpuUsage(), th = process.threadCpuUsage?.()
const g = await node.graphs.join(offered('graphId'), { addresses: offered('addresses').split(' ') })
await g.synchronized()
const e = performance.now() - t, d = process.cpuUsage(c), td = process.threadCpuUsage?.(th)
console.log(`${(+size / e * 1000).toFixed(0)}/s, cpu ${((d.user + d.system) / +size).toFixed(1)} us (sys ${(d.system / +size).toFixed(1)}), main thread ${td ? ((td.user + td.system) / +size).toFixed(1) : '?'}`)
if (process.env.PROFW) { kick(); await new Promise(r => setTimeout(r, 1500)) }
if (out) { const { profile } = await session.post('Profiler.stop'); mkdirSync(out, { recursive: true }); writeFileSync(out + '/r.cpuprofile', JSON.stringify(profile)) }
process.exit(0)
