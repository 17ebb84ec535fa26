/**
 * The types of the protocol's messages, made from docs/protocol.schema.json.
 *
 * @typedef {any} Room
 * @typedef {any} Policy
 * @typedef {any} FileInfo
 * @typedef {any} RoomSummary
 */

export {};
