/** Loaded before everything else: makes this Node.js look like an old one, and tells of every native module. */
const version = '20.20.2'
Object.defineProperty(process, 'version', { value: `v${version}` })
Object.defineProperty(process, 'versions', { value: { ...process.versions, node: version } })

const { dlopen } = process
process.dlopen = (...args) => {
  process.stdout.write(`loaded ${args[1]}\n`)
  return dlopen.apply(process, args)
}
