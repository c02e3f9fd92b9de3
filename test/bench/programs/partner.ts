/** What test/bench/partner.test.ts starts. */
import { bePartner } from '../../../bench/partner.ts'

const [word = ''] = process.argv.slice(2)

bePartner({
  word: async () => ({ word, process: String(process.pid) }),
  echo: async (detail) => ({ detail }),
  end: async () => process.exit(3),
  fail: async () => {
    throw new Error('this one fails, and says so on standard error')
  },
})
