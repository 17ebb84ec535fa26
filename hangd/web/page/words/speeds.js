/** Speeds that are offered. A room may have others, set by keys and by other clients: 0.25 to 2. */

export const SPEEDS = Object.freeze([0.5, 0.75, 0.9, 1, 1.1, 1.25, 1.5, 2]);
