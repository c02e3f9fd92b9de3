declare const brand: unique symbol

/**
 * A value that has been checked and says so in its type. It is the plain value at run time, so that
 * `===`, keys of a Map and JSON work; only the function that checks it makes one.
 */
export type Branded<Value, Name extends string> = Value & { readonly [brand]: Name }
