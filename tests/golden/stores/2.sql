SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;
SET default_tablespace = '';
SET default_table_access_method = heap;
CREATE TABLE public.accounts (
    account_id text NOT NULL,
    name_key text NOT NULL,
    data text NOT NULL
);
CREATE TABLE public.bans (
    ban_id text NOT NULL,
    data text NOT NULL
);
CREATE TABLE public.logins (
    session_id text NOT NULL,
    account_id text NOT NULL,
    used_at double precision NOT NULL,
    data text NOT NULL
);
CREATE TABLE public.queues (
    room_id text NOT NULL,
    data text NOT NULL
);
CREATE TABLE public.refresh_digests (
    digest text NOT NULL,
    session_id text NOT NULL
);
CREATE TABLE public.revision (
    number bigint NOT NULL
);
CREATE TABLE public.rooms (
    room_id text NOT NULL,
    data text NOT NULL
);
CREATE TABLE public.schema (
    version integer NOT NULL,
    compat integer NOT NULL
);
CREATE TABLE public.set_aside (
    number bigint NOT NULL,
    data text NOT NULL
);
ALTER TABLE public.set_aside ALTER COLUMN number ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.set_aside_number_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.signing_keys (
    kid text NOT NULL,
    data text NOT NULL
);
CREATE TABLE public.watched (
    number bigint NOT NULL,
    started_at double precision NOT NULL,
    data text NOT NULL
);
ALTER TABLE public.watched ALTER COLUMN number ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.watched_number_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
INSERT INTO public.accounts VALUES ('a1', 'zoë', '{"account_id":"a1","name":"Zoë","password_hash":"$argon2id$hash","created_at":1796000000.5,"invite_id":null}');
INSERT INTO public.accounts VALUES ('a2', 'bob', '{"account_id":"a2","name":"bob","password_hash":"$argon2id$hash","created_at":1796000001.5,"invite_id":null}');
INSERT INTO public.bans VALUES ('b1', '{"ban_id":"b1","tag":"acc:a2","name":"bob","created_at":1796000004.5,"until":null,"reason":"spoilers"}');
INSERT INTO public.bans VALUES ('b2', '{"ban_id":"b2","tag":"net:0123","name":"192.0.2.0/24","created_at":1796000005.5,"until":1796090000.5,"reason":null}');
INSERT INTO public.logins VALUES ('s1', 'a1', 1796000003.5, '{"session_id":"s1","account_id":"a1","client":"hangd 1.0","created_at":1796000002.5,"used_at":1796000003.5,"refresh_digest":"bm5ubm5ubm5ubm5ubm5ubm5ubm5ubm5ubm5ubm5ubm4=","previous_digest":"b29vb29vb29vb29vb29vb29vb29vb29vb29vb29vb28=","settled":false,"other_digests":[],"spent_digests":["eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHg=","eXl5eXl5eXl5eXl5eXl5eXl5eXl5eXl5eXl5eXl5eXk="],"revoked":null}');
INSERT INTO public.logins VALUES ('s2', 'a2', 1796000003.5, '{"session_id":"s2","account_id":"a2","client":"page","created_at":1796000002.5,"used_at":1796000003.5,"refresh_digest":"bW1tbW1tbW1tbW1tbW1tbW1tbW1tbW1tbW1tbW1tbW0=","previous_digest":null,"settled":false,"other_digests":[],"spent_digests":[],"revoked":"stolen"}');
INSERT INTO public.queues VALUES ('11111111-1111-4111-8111-111111111111', '{"rev":4,"entries":[{"id":"e1","file":{"size":1,"name":"part 1.mkv"}},{"id":"e2","file":{"size":2,"name":"part 2.mkv"}}],"current":"e1"}');
INSERT INTO public.refresh_digests VALUES ('6e6e6e6e6e6e6e6e6e6e6e6e6e6e6e6e6e6e6e6e6e6e6e6e6e6e6e6e6e6e6e6e', 's1');
INSERT INTO public.refresh_digests VALUES ('6f6f6f6f6f6f6f6f6f6f6f6f6f6f6f6f6f6f6f6f6f6f6f6f6f6f6f6f6f6f6f6f', 's1');
INSERT INTO public.refresh_digests VALUES ('7878787878787878787878787878787878787878787878787878787878787878', 's1');
INSERT INTO public.refresh_digests VALUES ('7979797979797979797979797979797979797979797979797979797979797979', 's1');
INSERT INTO public.refresh_digests VALUES ('6d6d6d6d6d6d6d6d6d6d6d6d6d6d6d6d6d6d6d6d6d6d6d6d6d6d6d6d6d6d6d6d', 's2');
INSERT INTO public.revision VALUES (8);
INSERT INTO public.rooms VALUES ('11111111-1111-4111-8111-111111111111', '{"room":{"room_id":"11111111-1111-4111-8111-111111111111","host_digest":"aGhoaGhoaGhoaGhoaGhoaGhoaGhoaGhoaGhoaGhoaGg=","file_hash":"abababababababababababababababababababababababababababababababab","file":{"size":734003200,"duration":5400.5,"name":"Der Räuber.mkv"},"policy":{"control":"everyone","match":"hash","wait":"nobody","capacity":100,"locked":true,"has_password":false},"members":[{"client_id":"c1","name":"Zoë","role":"host","ready":true,"file_hash":"abababababababababababababababababababababababababababababababab","file":{"size":734003200,"duration":5400.5,"name":"Der Räuber.mkv"},"return_digest":"enp6enp6enp6enp6enp6enp6enp6enp6enp6enp6eno=","tags":["acc:a1","dev:zoe"],"account":"Zoë","owner":true},{"client_id":"c2","name":"bob","role":"viewer","file_hash":"abababababababababababababababababababababababababababababababab","file":{"size":734003200,"duration":5400.5,"name":"Der Räuber.mkv"},"return_digest":"YmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYmI="}],"timeline":{"epoch":"0a1b2c3d","rev":17,"playing":true,"position":61.25,"rate":1.0,"at":1000.5,"gate":null},"name":"friday 🎬","queue":{"rev":0,"entries":[],"current":null},"former":[{"return_digest":"ZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmY=","name":"cleo","role":"controller"}],"bans":[{"id":"b9","name":"eve","by":"Zoë","tags":["dev:eve","net:0123"],"until":87400.0,"reason":"spoilers"}],"invites":[{"id":"i1","role":"controller","by":"Zoë","issuer":"acc:a1","until":4600.0,"uses":2}],"revoked":{"by:dev:eve":5000.0}},"proofs":{"c1":"cHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHA=","c2":"cXFxcXFxcXFxcXFxcXFxcXFxcXFxcXFxcXFxcXFxcXE="},"mark":{"clock_id":"clock","monotonic":1001.0,"wall":1796029402.75,"boot":"a boot"}}');
INSERT INTO public.rooms VALUES ('22222222-2222-4222-8222-222222222222', '{"room":{"room_id":"22222222-2222-4222-8222-222222222222","host_digest":"SEhISEhISEhISEhISEhISEhISEhISEhISEhISEhISEg=","file_hash":"cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd","file":null,"policy":{"control":"everyone","match":"hash","wait":"nobody","capacity":100,"locked":false,"has_password":false},"members":[],"timeline":{"epoch":"4e5f6071","rev":3,"playing":false,"position":12.0,"rate":1.0,"at":900.0,"gate":null},"password_hash":"$argon2id$v=19$m=65536,t=3,p=4$c2FsdHNhbHQ$aGFzaGhhc2g","empty_since":950.0,"queue":{"rev":0,"entries":[],"current":null}},"proofs":{},"mark":{"clock_id":"clock","monotonic":1001.0,"wall":1796029402.75,"boot":"a boot"}}');
INSERT INTO public.schema VALUES (2, 2);
INSERT INTO public.signing_keys VALUES ('k1', '{"kid":"k1","kind":"ed25519","secret":"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=","created_at":1796000006.5,"retired_at":1796000007.5}');
INSERT INTO public.signing_keys VALUES ('k2', '{"kid":"k2","kind":"hmac","secret":"ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8=","created_at":1796000006.5,"retired_at":null}');
INSERT INTO public.watched OVERRIDING SYSTEM VALUE VALUES (1, 1796000000, '{"room_id":"11111111-1111-4111-8111-111111111111","room":"friday 🎬","film":"Der Räuber.mkv","duration":5400.5,"started_at":1796000000.0,"seconds":5000.25,"members":2,"corrections":3,"skew_p50":0.004,"skew_p95":0.0125}');
INSERT INTO public.watched OVERRIDING SYSTEM VALUE VALUES (2, 1796000100, '{"room_id":"22222222-2222-4222-8222-222222222222","room":null,"film":null,"duration":null,"started_at":1796000100.0,"seconds":60.0,"members":1,"corrections":0,"skew_p50":null,"skew_p95":null}');
SELECT pg_catalog.setval('public.set_aside_number_seq', 1, false);
SELECT pg_catalog.setval('public.watched_number_seq', 2, true);
ALTER TABLE ONLY public.accounts
    ADD CONSTRAINT accounts_name_key_key UNIQUE (name_key);
ALTER TABLE ONLY public.accounts
    ADD CONSTRAINT accounts_pkey PRIMARY KEY (account_id);
ALTER TABLE ONLY public.bans
    ADD CONSTRAINT bans_pkey PRIMARY KEY (ban_id);
ALTER TABLE ONLY public.logins
    ADD CONSTRAINT logins_pkey PRIMARY KEY (session_id);
ALTER TABLE ONLY public.queues
    ADD CONSTRAINT queues_pkey PRIMARY KEY (room_id);
ALTER TABLE ONLY public.refresh_digests
    ADD CONSTRAINT refresh_digests_pkey PRIMARY KEY (digest);
ALTER TABLE ONLY public.rooms
    ADD CONSTRAINT rooms_pkey PRIMARY KEY (room_id);
ALTER TABLE ONLY public.set_aside
    ADD CONSTRAINT set_aside_pkey PRIMARY KEY (number);
ALTER TABLE ONLY public.signing_keys
    ADD CONSTRAINT signing_keys_pkey PRIMARY KEY (kid);
ALTER TABLE ONLY public.watched
    ADD CONSTRAINT watched_pkey PRIMARY KEY (number);
CREATE INDEX digests_of_login ON public.refresh_digests USING btree (session_id);
CREATE INDEX logins_of_account ON public.logins USING btree (account_id);
CREATE INDEX watched_by_time ON public.watched USING btree (started_at);
