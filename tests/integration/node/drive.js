// Drives whatever listens on the socket argv[3], as an application with a player of its own does. argv[2] says what is
// done, "play", "look" or "list"; argv[4] and argv[5] are two films. Prints what came of each step as one line of JSON.
'use strict';

const MPV = require('node-mpv');

const [, , deed, socket, film, other] = process.argv;
const player = new MPV({ socket, time_update: 0.2, auto_restart: false });

const say = (step, value) => console.log(JSON.stringify([step, value]));
const once = (name) => new Promise((resolve) => player.once(name, resolve));
const until = async (name, wanted) => {
  while (JSON.stringify(await player.getProperty(name)) !== JSON.stringify(wanted)) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
};

async function play() {
  const seen = {};
  player.on('status', ({ property, value }) => { (seen[property] ||= []).push(value); });
  await player.start();
  say('running', player.isRunning());

  await player.load(film);
  say('loaded', [await player.getFilename('full'), await player.getDuration(), await player.isSeekable()]);
  await player.pause();
  say('paused', await player.isPaused());

  await player.goToPosition(30);
  say('position', await player.getTimePosition());
  await player.seek(-10);
  say('back', await player.getTimePosition());

  const told = once('timeposition');
  await player.play();
  say('playing', [await player.isPaused(), (await told) >= 19]);

  await player.volume(40);
  await player.adjustVolume(5);
  await player.mute(true);
  say('volume', [await player.getProperty('volume'), await player.isMuted()]);
  await player.setMultipleProperties({ speed: 1.25, 'sub-visibility': false });
  say('speed', await player.getProperty('speed'));
  await player.speed(1);
  say('title', await player.getTitle());
  await player.commandJSON({ command: ['show-text', 'hello'] });

  const stopped = once('stopped');
  await player.stop();
  await stopped;
  say('stopped', await player.getProperty('idle-active'));
  say('refused', (await player.getProperty('no-such-property').catch((error) => error)).errmessage);
  say('observed', [seen.pause.includes(true), seen.volume.includes(45), seen.path.includes(film), seen.mute.at(-1)]);
}

async function look() {
  await player.start();
  await player.load(film);
  say('metadata', typeof (await player.getMetadata()));
  await player.loop('no');
  await player.loopPlaylist('no');
  say('loop', [await player.getProperty('loop'), await player.getProperty('loop-playlist')]);
}

async function list() {
  await player.start();
  await player.load(film);
  await player.append(other);
  say('appended', [await player.getPlaylistSize(), await player.getPlaylistPosition()]);
  say('next', await player.next());
  await until('path', other);
  say('second', [await player.getPlaylistPosition1(), await player.getFilename('full')]);
  say('prev', await player.prev());
  await until('path', film);
  await player.playlistMove(0, 2);
  say('moved', [await player.getProperty('playlist/0/filename'), await player.getPlaylistPosition()]);
  await player.jump(0);
  await until('path', other);
  await player.playlistRemove(1);
  say('removed', await player.getPlaylistSize());
  await player.shuffle();
  await player.append(film);
  await player.clearPlaylist();
  say('cleared', await player.getPlaylistSize());
}

({ play, look, list })[deed]().then(() => process.exit(0), (error) => {
  console.error(error);
  process.exit(1);
});
