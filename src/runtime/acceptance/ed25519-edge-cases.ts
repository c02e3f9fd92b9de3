/**
 * Ed25519 signatures on which libraries differ, each with the one verdict that Peerage gives it
 * (`docs/protocol/signatures.md`), and an honest one beside them. `docs/protocol/vectors/ed25519.json`
 * holds the same cases for implementations in other languages.
 *
 * All refused ones but the key that is no point satisfy `[8][S]B = [8]R + [8][k]A`, so that some
 * verifier takes them. They are made from a key a and a nonce r chosen by us: A = [a]B plus a point of
 * small order, R = [r]B plus another, S = r + k a, and a message that was searched for until k had the
 * remainder modulo 8 that the case needs. Those named "taming" are the vectors of "Taming the many
 * EdDSAs" (Chalkias, Garillot, Nikolaenko, 2020), under their numbers there.
 */

/** One signature and the verdict on it. Byte strings are hexadecimal. */
export interface Ed25519EdgeCase {
  readonly name: string
  readonly verdict: Ed25519Verdict
  readonly publicKey: string
  readonly message: string
  readonly signature: string
}

/** `valid`, or why it is refused: the first reason that holds, in this order. */
export type Ed25519Verdict =
  | 'valid'
  /** S is not below the group order L. */
  | 'S not reduced'
  /** Its y is not below the field's prime p, or its sign is set although x is 0. The same for the key. */
  | 'R not canonical'
  | 'key not canonical'
  | 'R of small order'
  | 'key of small order'
  /** No point of the curve has this y. */
  | 'key not a point'
  /** R is not the encoding of `[S]B - [k]A`, with k reduced modulo L. */
  | 'equation'

/** A = [a]B. */
const HONEST_KEY = 'd33893ceab2b2e6135ea191ba1997fbaa6e677f733514fdefc4f20f23ddbb101'
/** A = [a]B + T, with T of order 8. */
const MIXED_KEY = 'b3455cba252c24d2f74d816d7a9642190f0da932335b1ca1c7388c3e77113a20'
/** A = [a]B + [4]T. */
const MIXED_KEY_ORDER_2 = '1ac76c3154d4d19eca15e6e45e66804559198808ccaeb02103b0df0dc2244efe'
/** R = [r]B. */
const HONEST_R = '9aaea6a59728354e1564700c6a1384b90e50f061800fac8dcda2d06764799b2b'
/** R = [r]B + [3]T. */
const MIXED_R = 'd8aae4a9f23f0ed0bf1a14ac8c129befc07954b4adfe5dbcd67404d78b9a4873'
/** S = r, which fits HONEST_R where [k]A vanishes. */
const HONEST_R_SCALAR = 'd544242dd68a0f4d09b892fd3ade893fda92a537fb0ad82c9065ec327aca3d0d'

/** The canonical encodings of the eight points of small order. */
const ORDER_1 = '0100000000000000000000000000000000000000000000000000000000000000'
const ORDER_2 = 'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f'
const ORDER_4_EVEN = '0000000000000000000000000000000000000000000000000000000000000000'
const ORDER_4_ODD = '0000000000000000000000000000000000000000000000000000000000000080'
const ORDER_8_LOW_EVEN = '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05'
const ORDER_8_LOW_ODD = '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85'
const ORDER_8_HIGH_EVEN = 'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a'
const ORDER_8_HIGH_ODD = 'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa'
/** The other encodings that a lax decoder reads as one of these points. */
const ORDER_1_SIGN_SET = '0100000000000000000000000000000000000000000000000000000000000080'
const ORDER_2_SIGN_SET = 'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff'
const ORDER_4_EVEN_ABOVE_P = 'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f'
const ORDER_4_ODD_ABOVE_P = 'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff'
const ORDER_1_ABOVE_P = 'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f'
const ORDER_1_ABOVE_P_SIGN_SET = 'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff'

export const ed25519EdgeCases: readonly Ed25519EdgeCase[] = [
  edgeCase(
    'valid',
    'an honest signature',
    HONEST_KEY,
    '00',
    HONEST_R,
    '2d7aabd002a4484cb945a698d630cc3f42016709b126ebe2efe93b868d541e0d',
  ),
  edgeCase(
    'S not reduced',
    'the honest S plus L',
    HONEST_KEY,
    '00',
    HONEST_R,
    '1a4ea12d1d075ba48fe29d3bb52aab5442016709b126ebe2efe93b868d541e1d',
  ),
  edgeCase(
    'S not reduced',
    'the honest S plus 8 L',
    HONEST_KEY,
    '00',
    HONEST_R,
    '95195ab8d5bcdb0c6c2c63b0cbffc3e642016709b126ebe2efe93b868d541e8d',
  ),
  edgeCase(
    'S not reduced',
    'the honest S plus 15 L',
    HONEST_KEY,
    '00',
    HONEST_R,
    '10e512438e725c7548762825e2d4dc7843016709b126ebe2efe93b868d541efd',
  ),
  edgeCase('key of small order', 'key: order 1', ORDER_1, '00', HONEST_R, HONEST_R_SCALAR),
  edgeCase('key of small order', 'key: order 2', ORDER_2, '01', HONEST_R, HONEST_R_SCALAR),
  edgeCase('key of small order', 'key: order 4, x even', ORDER_4_EVEN, '01', HONEST_R, HONEST_R_SCALAR),
  edgeCase('key of small order', 'key: order 4, x odd', ORDER_4_ODD, '01', HONEST_R, HONEST_R_SCALAR),
  edgeCase('key of small order', 'key: order 8, lower y, x even', ORDER_8_LOW_EVEN, '05', HONEST_R, HONEST_R_SCALAR),
  edgeCase('key of small order', 'key: order 8, lower y, x odd', ORDER_8_LOW_ODD, '01', HONEST_R, HONEST_R_SCALAR),
  edgeCase('key of small order', 'key: order 8, higher y, x even', ORDER_8_HIGH_EVEN, '05', HONEST_R, HONEST_R_SCALAR),
  edgeCase('key of small order', 'key: order 8, higher y, x odd', ORDER_8_HIGH_ODD, '05', HONEST_R, HONEST_R_SCALAR),
  edgeCase('key not canonical', 'key: order 1, sign set', ORDER_1_SIGN_SET, '00', HONEST_R, HONEST_R_SCALAR),
  edgeCase('key not canonical', 'key: order 2, sign set', ORDER_2_SIGN_SET, '02', HONEST_R, HONEST_R_SCALAR),
  edgeCase(
    'key not canonical',
    'key: order 4, y = p, sign clear',
    ORDER_4_EVEN_ABOVE_P,
    '02',
    HONEST_R,
    HONEST_R_SCALAR,
  ),
  edgeCase('key not canonical', 'key: order 4, y = p, sign set', ORDER_4_ODD_ABOVE_P, '01', HONEST_R, HONEST_R_SCALAR),
  edgeCase(
    'key not canonical',
    'key: order 1, y = p + 1, sign clear',
    ORDER_1_ABOVE_P,
    '00',
    HONEST_R,
    HONEST_R_SCALAR,
  ),
  edgeCase(
    'key not canonical',
    'key: order 1, y = p + 1, sign set',
    ORDER_1_ABOVE_P_SIGN_SET,
    '00',
    HONEST_R,
    HONEST_R_SCALAR,
  ),
  edgeCase(
    'R of small order',
    'R: order 1',
    MIXED_KEY,
    '1e',
    ORDER_1,
    'b6753a7b2b1f38a17f7a6a5fe841328f8343a3d73e472e9ee597e15677411b02',
  ),
  edgeCase(
    'R of small order',
    'R: order 2',
    MIXED_KEY,
    '00',
    ORDER_2,
    '4ee5055d22827f93e88efcd171860e20d66745edccfe1ac1890817fc5c5b4d00',
  ),
  edgeCase(
    'R of small order',
    'R: order 4, x even',
    MIXED_KEY,
    '07',
    ORDER_4_EVEN,
    '6b1d48d6986ec25af8810b4e91c080c1a6628c36ef5804eefdb7917115f6310f',
  ),
  edgeCase(
    'R of small order',
    'R: order 4, x odd',
    MIXED_KEY,
    '17',
    ORDER_4_ODD,
    '84a844c0c54f4328e5f774acbfcc60fa5e70cf783a534c94c5a52efbd46b7e0f',
  ),
  edgeCase(
    'R of small order',
    'R: order 8, lower y, x even',
    MIXED_KEY,
    '07',
    ORDER_8_LOW_EVEN,
    '59e582fc12fb960bc8eb3a2d0df4247f75430f407268d8e8a13859018652eb0d',
  ),
  edgeCase(
    'R of small order',
    'R: order 8, lower y, x odd',
    MIXED_KEY,
    '02',
    ORDER_8_LOW_ODD,
    'd246aefac678aca5defb8a186d9c41458445150d5266275b912f5c87346c0e0a',
  ),
  edgeCase(
    'R of small order',
    'R: order 8, higher y, x even',
    MIXED_KEY,
    '0e',
    ORDER_8_HIGH_EVEN,
    '4cbad11f46bf1e3f90ad71206cc3d208862e3725ff91f4a0a1604216a571d609',
  ),
  edgeCase(
    'R of small order',
    'R: order 8, higher y, x odd',
    MIXED_KEY,
    '00',
    ORDER_8_HIGH_ODD,
    '37f6ae9163203eda3875572f1674dd8613760a9c09d3056feb3794977009c409',
  ),
  edgeCase(
    'R not canonical',
    'R: order 1, sign set',
    MIXED_KEY,
    '13',
    ORDER_1_SIGN_SET,
    'ccdb4ac2616dab8dd987be5bd154b6c9919e07ec3162b2ec52b8d5cea6e6360f',
  ),
  edgeCase(
    'R not canonical',
    'R: order 2, sign set',
    MIXED_KEY,
    '02',
    ORDER_2_SIGN_SET,
    '5e8d5c8468b20a4f26a57f1f0416b1b0d0af9caf99d3c23f9f56a24048343701',
  ),
  edgeCase(
    'R not canonical',
    'R: order 4, y = p, sign clear',
    MIXED_KEY,
    '0a',
    ORDER_4_EVEN_ABOVE_P,
    '3a6bf97baae6baf7e47a810f0efbbd0bffa9465d08bfcd6ee4f6043a8bbaad0c',
  ),
  edgeCase(
    'R not canonical',
    'R: order 4, y = p, sign set',
    MIXED_KEY,
    '03',
    ORDER_4_ODD_ABOVE_P,
    '327364b7a0eca9df3c319e18872f973a1c12ccb3162e26ed7bd6542d43cf520c',
  ),
  edgeCase(
    'R not canonical',
    'R: order 1, y = p + 1, sign clear',
    MIXED_KEY,
    '08',
    ORDER_1_ABOVE_P,
    '77663692abe978c5541d0084e78f30eaaaddafd087c630c95be214195b334a0c',
  ),
  edgeCase(
    'R not canonical',
    'R: order 1, y = p + 1, sign set',
    MIXED_KEY,
    '04',
    ORDER_1_ABOVE_P_SIGN_SET,
    '4e98f94301d07a97309aa6a1c618abcdccee4995ff00974346fb660fb610f80d',
  ),
  edgeCase(
    'valid',
    'mixed-order key, small part cancelled by k',
    MIXED_KEY,
    '76',
    HONEST_R,
    '8d7f53b04388169097493586c3d0c3d0725e142a8b9e2d76832099bbf6245202',
  ),
  edgeCase(
    'valid',
    'mixed-order key with a part of order 2, cancelled by k',
    MIXED_KEY_ORDER_2,
    '00',
    HONEST_R,
    'a3c9d8a2c3d4e2bd5ca700b1906c9e8f1e8c7fd8abab078def28fa2f2d58080b',
  ),
  edgeCase(
    'valid',
    'mixed-order key and R, small parts cancel',
    MIXED_KEY,
    '70',
    MIXED_R,
    '2a2faa9ac9a940d521c3778d4a004d949ae92792ed7607dd72d0d5b7b9a69f0a',
  ),
  edgeCase(
    'valid',
    'mixed-order key, cancelled by k only once k is reduced',
    MIXED_KEY,
    '01',
    HONEST_R,
    '8a609168cffc11f8254fccd25029c907f32f4a2d3cab021c56795760e442f10f',
  ),
  edgeCase(
    'equation',
    'mixed-order key, cancelled by k only before k is reduced',
    MIXED_KEY,
    '07',
    HONEST_R,
    '87e6d635478d352909fca36c91422d5a0ebbcdc6e0f45cd5a954d3d5703eac0a',
  ),
  edgeCase(
    'equation',
    'mixed-order key, not cancelled',
    MIXED_KEY,
    '00',
    HONEST_R,
    '1f96e9d7bf8b1fdfe5a0e0d08575d22ff4fbbc0b3a214bca1f65e6b070eb1207',
  ),
  edgeCase(
    'equation',
    'mixed-order key with a part of order 2, not cancelled',
    MIXED_KEY_ORDER_2,
    '01',
    HONEST_R,
    '3b59887d23c35003a83a28df378461672686f4a0a3c76edcb70818010d845e09',
  ),
  edgeCase(
    'equation',
    'mixed-order R, not cancelled',
    HONEST_KEY,
    '00',
    'e1455b58e89081ac5d6d159e8115e789823818f522c47a9e896ae692b905b693',
    '936ffa6968e93f903fe9293f83651eafb3de292fa83e6e8f33afec84362b6b0d',
  ),
  edgeCase(
    'equation',
    'mixed-order R with a part of order 2, not cancelled',
    HONEST_KEY,
    '00',
    '5351595a68d7cab1ea9b8ff395ec7b46f1af0f9e7ff05372325d2f989b8664d4',
    '1292af3c0c06dccdb0c70ae46ffc325e61b845b540b0f94fc79ae6b05ef40400',
  ),
  edgeCase(
    'equation',
    'mixed-order key and R, small parts do not cancel',
    MIXED_KEY,
    '00',
    MIXED_R,
    '7c5f19cfb8a96bda4980e930660ab03d8051a9f22aec9a1788c397c9ba43d405',
  ),
  edgeCase(
    'key not a point',
    'no point has this y',
    '0200000000000000000000000000000000000000000000000000000000000000',
    '00',
    HONEST_R,
    '2d7aabd002a4484cb945a698d630cc3f42016709b126ebe2efe93b868d541e0d',
  ),
  edgeCase(
    'R of small order',
    'taming 0',
    'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa',
    '8c93255d71dcab10e8f379c26200f3c7bd5f09d9bc3068d3ef4edeb4853022b6',
    'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
    '0000000000000000000000000000000000000000000000000000000000000000',
  ),
  edgeCase(
    'key of small order',
    'taming 1',
    'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa',
    '9bd9f44f4dcc75bd531b56b2cd280b0bb38fc1cd6d1230e14861d861de092e79',
    'f7badec5b8abeaf699583992219b7b223f1df3fbbea919844e3f7c554a43dd43',
    'a5bb704786be79fc476f91d3f3f89b03984d8068dcf1bb7dfc6637b45450ac04',
  ),
  edgeCase(
    'R of small order',
    'taming 2',
    'f7badec5b8abeaf699583992219b7b223f1df3fbbea919844e3f7c554a43dd43',
    'aebf3f2601a0c8c5d39cc7d8911642f740b78168218da8471772b35f9d35b9ab',
    'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa',
    '8c4bd45aecaca5b24fb97bc10ac27ac8751a7dfe1baff8b953ec9f5833ca260e',
  ),
  edgeCase(
    'valid',
    'taming 3',
    'cdb267ce40c5cd45306fa5d2f29731459387dbf9eb933b7bd5aed9a765b88d4d',
    '9bd9f44f4dcc75bd531b56b2cd280b0bb38fc1cd6d1230e14861d861de092e79',
    '9046a64750444938de19f227bb80485e92b83fdb4b6506c160484c016cc1852f',
    '87909e14428a7a1d62e9f22f3d3ad7802db02eb2e688b6c52fcd6648a98bd009',
  ),
  edgeCase(
    'equation',
    'taming 4',
    'cdb267ce40c5cd45306fa5d2f29731459387dbf9eb933b7bd5aed9a765b88d4d',
    'e47d62c63f830dc7a6851a0b1f33ae4bb2f507fb6cffec4011eaccd55b53f56c',
    '160a1cb0dc9c0258cd0a7d23e94d8fa878bcb1925f2c64246b2dee1796bed512',
    '5ec6bc982a269b723e0668e540911a9a6a58921d6925e434ab10aa7940551a09',
  ),
  edgeCase(
    'equation',
    'taming 5',
    'cdb267ce40c5cd45306fa5d2f29731459387dbf9eb933b7bd5aed9a765b88d4d',
    'e47d62c63f830dc7a6851a0b1f33ae4bb2f507fb6cffec4011eaccd55b53f56c',
    '21122a84e0b5fca4052f5b1235c80a537878b38f3142356b2c2384ebad4668b7',
    'e40bc836dac0f71076f9abe3a53f9c03c1ceeeddb658d0030494ace586687405',
  ),
  edgeCase(
    'S not reduced',
    'taming 6',
    '442aad9f089ad9e14647b1ef9099a1ff4798d78589e66f28eca69c11f582a623',
    '85e241a07d148b41e47d62c63f830dc7a6851a0b1f33ae4bb2f507fb6cffec40',
    'e96f66be976d82e60150baecff9906684aebb1ef181f67a7189ac78ea23b6c0e',
    '547f7690a0e2ddcd04d87dbc3490dc19b3b3052f7ff0538cb68afb369ba3a514',
  ),
  edgeCase(
    'S not reduced',
    'taming 7',
    '442aad9f089ad9e14647b1ef9099a1ff4798d78589e66f28eca69c11f582a623',
    '85e241a07d148b41e47d62c63f830dc7a6851a0b1f33ae4bb2f507fb6cffec40',
    '8ce5b96c8f26d0ab6c47958c9e68b937104cd36e13c33566acd2fe8d38aa1942',
    '7e71f98a473474f2f13f06f97c20d58cc3f54b8bd0d272f42b695dd7e89a8c22',
  ),
  edgeCase(
    'R not canonical',
    'taming 8',
    'f7badec5b8abeaf699583992219b7b223f1df3fbbea919844e3f7c554a43dd43',
    '9bedc267423725d473888631ebf45988bad3db83851ee85c85e241a07d148b41',
    'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff',
    '03be9678ac102edcd92b0210bb34d7428d12ffc5df5f37e359941266a4e35f0f',
  ),
  edgeCase(
    'R not canonical',
    'taming 9',
    'f7badec5b8abeaf699583992219b7b223f1df3fbbea919844e3f7c554a43dd43',
    '9bedc267423725d473888631ebf45988bad3db83851ee85c85e241a07d148b41',
    'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff',
    'ca8c5b64cd208982aa38d4936621a4775aa233aa0505711d8fdcfdaa943d4908',
  ),
  edgeCase(
    'key not canonical',
    'taming 10',
    'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff',
    'e96b7021eb39c1a163b6da4e3093dcd3f21387da4cc4572be588fafae23c155b',
    'a9d55260f765261eb9b84e106f665e00b867287a761990d7135963ee0a7d59dc',
    'a5bb704786be79fc476f91d3f3f89b03984d8068dcf1bb7dfc6637b45450ac04',
  ),
  edgeCase(
    'key not canonical',
    'taming 11',
    'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff',
    '39a591f5321bbe07fd5a23dc2f39d025d74526615746727ceefd6e82ae65c06f',
    'a9d55260f765261eb9b84e106f665e00b867287a761990d7135963ee0a7d59dc',
    'a5bb704786be79fc476f91d3f3f89b03984d8068dcf1bb7dfc6637b45450ac04',
  ),
]

function edgeCase(
  verdict: Ed25519Verdict,
  name: string,
  publicKey: string,
  message: string,
  r: string,
  s: string,
): Ed25519EdgeCase {
  return { name, verdict, publicKey, message, signature: r + s }
}
