import config from './vitest.config.ts'

/** Hosts in network namespaces: Linux, iproute2 and the rights of root. Without them every test fails. */
export default {
  test: { ...config.test, include: ['test/network/**/*.test.ts'], exclude: [], fileParallelism: false },
}
