/** Starts the page. */

export {};
