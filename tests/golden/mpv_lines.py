"""The requests that mpv and hangd are both sent, to compare their answers.

Each scene is a list of lines. They are sent one after the other, each after the answer to the one before. A line is
sent unchanged, except that ``@clip@`` becomes the film's path and ``@gone@`` a path without a file. An entry with
several lines is sent at once. After ``Until(line, events)``, the next line is sent only when these events have arrived.
"""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

__all__ = ["EQUAL_KEYS", "NOT_JSON", "SCENES", "SMALL_NUMBERS", "UNFIT_STRINGS", "Scene", "Until"]


class Until(NamedTuple):
    line: bytes
    events: bytes


class Scene(NamedTuple):
    loaded: bool
    """Whether the film is loaded and paused at its beginning before the first line."""
    lines: Sequence[bytes | Until]


_LOADED: Final = b"start-file file-loaded playback-restart"
_SOUGHT: Final = b"seek playback-restart"
_ENDED: Final = b"end-file idle"


def _gets(*values: bytes) -> list[bytes]:
    """Return a harmless request with each of these values as its request id."""
    return [b'{"command":["get_property","pause"],"request_id":%s}' % value for value in values]


def _says(*texts: bytes) -> list[bytes]:
    """Return requests that print each of these JSON strings as the server has decoded it."""
    return [b'{"command":["expand-text","%s"]}' % text for text in texts]


def _asks(*commands: bytes) -> list[bytes]:
    return [b'{"command":[%s]}' % words for words in commands]


def _named(*commands: bytes) -> list[bytes]:
    return [b'{"command":{%s}}' % words for words in commands]


def _reads(*names: bytes) -> list[bytes]:
    """Return requests that read each of these properties, in every possible way."""
    ways = (b'["get_property","%s"]', b'["get_property_string","%s"]', b'["expand-text","${%s}|${=%s}"]')
    return [b'{"command":%s}' % way.replace(b"%s", name) for name in names for way in ways]


FRAMING: Final = [
    b"", b"   ", b"\t \r", b"\r", b"# note", b"  # {", b"#", b"\0", b'\0{"command":["client_name"]}', b"{", b"}",
    b"{}", b'{"command":["client_name"]}\r', b' \t{"command":["client_name"]}', b'\x0b{"command":["client_name"]}',
    b'{"command":["client_name"]} trailing', b'{"command":["client_name"]}{"command":["client_name"]}',
    b'{"command":["client_name"]}\0trailing', b'{"command":["client_name"\0]}', b'[{"command":["client_name"]}]',
    b'"command"', b"null", b"5", b'{"command":["client_name"]', b'{"command":["client_name]}',
    b'{,"command":["client_name"]}', b'{"command":["client_name",,]}', b'{"command":[,"client_name"]}',
    b'{"command":["client_name"],,"request_id":1}',
    b'{1a:1,command:["client_name"]}', b'{a-b:1,command:["client_name"]}', b"{'command':['client_name']}",
    b'{"command":["client_name"] "request_id":1}', b'{"command" ["client_name"]}', b'{"command":["client_name" "x"]}',
    b'{"command":["client_name"],"request_id"}', b'{"command":["client_name"],"command":["get_version","x"]}',
    b'{"request_id":1,"request_id":2,"command":["client_name"]}', b'{"\\u0063ommand":["client_name"]}',
    b'{"command":["client\\u005fname"]}', b'{"Command":["client_name"]}',
    b'{"command":["client_name"],"x":' + b"[" * 48 + b"]" * 48 + b"}",
    b'{"command":["client_name"],"x":' + b"[" * 49 + b"]" * 49 + b"}",
    b'{"command":["client_name"],"x":' + b"[" * 50 + b"]" * 50 + b"}",
    b'{"command":["client_name"],"x":' + b"[" * 48 + b"1" + b"]" * 48 + b"}",
    b'{"command":["client_name"],"x":' + b"[" * 49 + b"1" + b"]" * 49 + b"}",
    b'{"command":["client_name"],"x":' + b'{"a":' * 48 + b"1" + b"}" * 48 + b"}",
    b'{"command":["client_name"],"x":' + b'{"a":' * 49 + b"1" + b"}" * 49 + b"}",
    b'{"command":["client_name"],"x":[truefoo]}', b'{"command":["client_name"],"x":[true,false,null]}',
    b'{"command":["client_name"],"x":True}', b'{"command":["client_name"],"x":undefined}',
    b'{"command":"client_name"}', b'{"command":5}', b'{"command":null}', b'{"command":[]}', b'{"command":{}}',
    b'{"command":[5]}', b'{"command":[null]}', b'{"command":[["client_name"]]}', b'{"command":[""]}',
    b'{"request_id":5}', b'{"command":["nope"]}', b'{"command":["nope"],"request_id":9}',
    b'{"command":["' + b"x" * 5000 + b'"]}', b'{"command":["expand-text","' + b"x" * 100000 + b'"]}',
    b'{"command":["client_name"],"request_id":1}\n{"command":["client_name"],"request_id":2}\ncycle mute\n#\n\nnope\n'
    b'{"command":["get_property","mute"],"request_id":3}\ncycle mute\n{"command":["nope"],"request_id":4}',
]  # fmt: skip

IDS: Final = _gets(
    b"0", b"1", b"-1", b"-0", b"0x", b"0b1", b"1_000", b"+5", b"- 5", b"--5", b"-", b"9223372036854775807",
    b"9223372036854775808", b"-9223372036854775808", b"-9223372036854775809", b"1" * 400, b"1.5", b".5", b"1.0",
    b"-0.0", b"1e3", b"1E+3", b"1e-3", b"1e", b"1e+", b"0e5", b"1e300", b"1e400", b"-1e400", b"0.0000001",
    b"123456789.123456789", b"0x1p9999", b"nan", b"inf",
    b"-inf", b"-nan", b"-infinity", b"5x", b"5 5", b"1/2", b"true", b"false", b"null", b'""', b'"abc"', b'"5"', b"[]",
    b"{}", b"[1,2.5,[null,true]]", b'{"a":[1,{"b":false}],"c":{}}', b'{"":{"":1}}',
    b'"\\"\\\\/\\b\\f\\n\\r\\t"',
    b'"\x01\x1f\x7f\\u0001\\u001f"', b'"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"', b'"\xff\xfe\xc3"', b'"\xed\xa0\x80"',
)  # fmt: skip

STRINGS: Final = _says(
    b"", b"a b", b"\\\"\\\\\\/", b"\\b\\f\\n\\r\\t", b"\\a", b"\\v", b"\\0", b"\\p", b"\\", b"\\x4", b"\\x", b"\\xg1",
    b"\\x0x", b"\\x -", b"\\u0041", b"\\u00e9", b"\\u20ac", b"\\uFFFF", b"\\u41", b"\\u", b"\\u004", b"\\u00 1",
    b"\\ud83d\\ude00", b"\\uD83D\\uDE00", b"\\ud83d", b"\\ud83dx", b"\\ud83d\\u0041", b"\\ud83d\\n",
    b"\\udfff\\ud800", b"\\ud83d\\ud83d\\ude00", b"\\U0001F600", b"\xc3\xa9", b"a\xffb", b"\xed\xa0\x80", b"\xc0\x80",
    b"\xf4\x90\x80\x80", b"\xc3A", b"\\\xc3\xa9", b"\x01\x02\x7f", b"a\tb", b"'", b"\\u0024{pause}",
)  # fmt: skip

NOT_JSON: Final = [
    b'{"command":["client_name"],}', b'{"command":["client_name",]}', b'{command:["client_name"]}',
    b'{command=["client_name"]}', b'{"command"=["client_name"]}', b'{ command = [ "client_name" ] , request_id = 7 }',
    b'{_a1:1,command:["client_name"]}', b'{"comm\\x61nd":["client_name"]}',
    b'{"command":["client_name"],"x":[true,false,null,]}',
    b'{"command":["expand-text","x"],"request_id":0x10,"async":true}',
    *_gets(
        b"007", b"08", b"010", b"0x10", b"0X1f", b"-0x10", b"0777777777777777777777", b"01777777777777777777777",
        b"0xffffffffffffffff", b"0x7fffffffffffffff", b"0000000000000000000000000000000000000001", b"1.", b"-.5",
        b"0x1.8p3", b"0x.8", b"0x1p-2", b"{a:1,b=2,}",
    ),
    *_says(
        b"\\e[0m", b"\\'", b"\\x41", b"\\xC3\\xA9", b"\\xff", b"\\x00x", b"\\x f", b"\\x-1", b"\\x+f", b"\\x  ",
        b"\\u0x41", b"\\u  41", b"\\u +a1", b"\\u    ", b"\xc3\\x41",
    ),
    b'script-message "\\x41"\nscript-message after', b'script-message "\\e\\\'"\nscript-message after',
]  # fmt: skip
"""What mpv reads although it is not JSON, and hang refuses. In text lines too, between double quotes."""

UNFIT_STRINGS: Final = [
    b'{"command\\u0000x":["client_name"]}', b'{"command":["client_name\\u0000x"]}',
    b'{"command":["get_property","pause\\u0000x"]}', *_says(b"\\u0000x", b"\\ude00", b"\\udc80"),
    b'script-message "\\u0000b" c\nscript-message after',
]  # fmt: skip
"""Strings that no file name and no text can be."""

EQUAL_KEYS: Final = [
    *_gets(b'{"a":1,"a":2}', b'{"a":1,"b":3,"a":[{"c":1,"c":2}]}'),
    b'{"command":{"name":"expand-text","text":"a","text":"b"}}',
]
"""Objects with a key that comes twice."""

SMALL_NUMBERS: Final = _gets(b"1e-400", b"1e-310")
"""Numbers that a double cannot hold with all its digits."""

VERBS: Final = [
    *_asks(
        b'"client_name"', b'"client_name","x",5', b'"client-name"', b'"Client_Name"', b'"get_version","x"',
        b'"get-version"', b'"get_property"', b'"get_property",5', b'"get_property",null', b'"get_property",["pause"]',
        b'"get_property","pause","x"', b'"get_property",""', b'"get_property","Pause"', b'"get_property","pause "',
        b'"get_property","nope"', b'"get_property","nope/x"', b'"get_property","pause/"', b'"get_property","pause/x"',
        b'"get_property","/"', b'"get_property","options/pause"', b'"get_property","time-pos"',
        b'"get_property","path"', b'"get_property","aid"', b'"get_property","pa\\u0075se"',
        b'"get-property","pause"', b'"raw","get_property","pause"',
        b'"get_property_string"', b'"get_property_string",5', b'"get_property_string","nope"',
        b'"get_property_string","pause"', b'"get_property_string","time-pos"', b'"get_property_string","volume"',
        b'"get_property_string","pause","x"', b'"set_property"', b'"set_property","mute"', b'"set_property",5,true',
        b'"set_property","mute",true,true', b'"set_property","mute",true', b'"set_property","mute","no"',
        b'"set_property","mute","yes"', b'"set_property","mute",""', b'"set_property","mute",0',
        b'"set_property","mute",1', b'"set_property","mute",null', b'"set_property","mute","maybe"',
        b'"set_property","mute",[]', b'"set_property","mute","YES"', b'"set_property","mute"," no"',
        b'"set_property","mute",false', b'"set_property_string","mute",true', b'"set_property_string","mute","no"',
        b'"set_property","nope",1', b'"set_property","time-pos",5', b'"set_property","path","x"',
        b'"set_property","volume",55', b'"set_property","volume","55"', b'"set_property","volume",55.5',
        b'"set_property","volume","0x10"', b'"set_property","volume","1/4"', b'"set_property","volume","90:3"',
        b'"set_property","volume"," 5"', b'"set_property","volume","5 "', b'"set_property","volume","1e1"',
        b'"set_property","volume","nan"', b'"set_property","volume",1e9', b'"set_property","volume","-5"',
        b'"set_property","volume",true', b'"set_property","volume",""', b'"set_property","volume","5%"',
        b'"set_property","volume",[5]', b'"get_property","volume"', b'"set_property","volume",100',
        b'"set_property","speed","abc"', b'"set_property","speed",true', b'"set_property","speed","0"',
        b'"set_property","speed",-1', b'"set_property","speed","1:2"', b'"get_property","speed"',
        b'"set_property","speed",1', b'"set_property","fullscreen","yes"', b'"get_property","fullscreen"',
        b'"set_property","fullscreen",false', b'"set_property","mpv-version","x"', b'"set_property","pid",1',
        b'"observe_property"', b'"observe_property",1', b'"observe_property","x","pause"',
        b'"observe_property","1","pause"', b'"observe_property",1.0,"pause"', b'"observe_property",true,"pause"',
        b'"observe_property",null,"pause"', b'"observe_property",1,5', b'"observe_property",1,"pause","x"',
        b'"observe_property",9223372036854775808,"pause"', b'"observe_property_string","x","pause"',
        b'"observe_property_string",1', b'"unobserve_property"', b'"unobserve_property","1"',
        b'"unobserve_property",1.5', b'"unobserve_property",12345', b'"unobserve_property",1,2', b'"enable_event"',
        b'"enable_event",5', b'"enable_event","nope"', b'"enable_event","pause"', b'"enable_event",""',
        b'"enable_event","SEEK"', b'"enable_event","none"', b'"enable_event","shutdown"', b'"enable_event","tick"',
        b'"enable_event","idle"', b'"enable_event","hook"', b'"enable_event","log-message"',
        b'"enable_event","command-reply"', b'"enable_event","get-property-reply"',
        b'"enable_event","set-property-reply"', b'"enable_event","property-change"',
        b'"enable_event","event-queue-overflow"', b'"enable_event","audio-reconfig"',
        b'"enable_event","metadata-update"', b'"enable_event","all","x"', b'"enable_event","all"',
        b'"disable_event","shutdown"', b'"disable_event","nope"', b'"disable_event","seek"', b'"disable_event"',
        b'"disable_event","all"', b'"enable_event","all"', b'"request_log_messages"', b'"request_log_messages","nope"',
        b'"request_log_messages",5', b'"request_log_messages",""', b'"request_log_messages","INFO"',
        b'"request_log_messages","silent:"', b'"request_log_messages","silent:no"',
        b'"request_log_messages","warn","x"', b'"request_log_messages","stats-"', b'"request_log_messages","no"',
    ),
    *(
        b'{"command":["request_log_messages","%s"]}\n{"command":["request_log_messages","no"]}' % level
        for level in b"fatal error warn info status v debug trace stats terminal-default silent:info".split()
    ),
    *_named(
        b'"name":"get_property","property":"pause"', b'"name":"client_name"',
        b'"name":"observe_property","id":1,"name":"pause"',
    ),
]  # fmt: skip

ASYNC: Final = [
    *(
        b'{"command":["get_property","pause"],"request_id":%s,"async":%s}' % (number, value)
        for number in (b"5", b'"a"', b"1.0", b"null")
        for value in (b"true", b"false", b"null", b"1", b'"true"')
    ),
    b'{"command":["client_name"],"async":true}', b'{"command":["nope"],"request_id":5,"async":true}',
    b'{"command":["expand-text","x"],"request_id":5,"async":true}', b'{"command":["expand-text","x"],"async":true}',
    b'{"command":["expand-text","x"],"request_id":-5,"async":true}',
    b'{"command":["expand-text"],"request_id":5,"async":true}',
    b'{"command":["set","nope","x"],"request_id":5,"async":true}',
    b'{"command":["cycle","nope"],"request_id":6,"async":false}', b'{"command":[],"request_id":5,"async":true}',
    b'{"command":{"name":"expand-text","text":"${pause}"},"request_id":5,"async":true}',
    b'{"command":["seek","5"],"request_id":5,"async":true}', b'{"async":true,"request_id":5}', b'{"async":true}',
    b'{"command":["set_property","mute",true],"request_id":5,"async":true}',
    b'{"command":["set_property","mute",false],"request_id":5,"async":true}',
    b'{"command":["expand-text","1"],"request_id":1,"async":true}\n{"command":["expand-text","2"],"request_id":2}\n'
    b'{"command":["cycle","nope"],"request_id":3,"async":true}\n{"command":["nope"],"request_id":4,"async":true}\n'
    b'{"command":["client_name"],"request_id":5,"async":true}\n{"command":["expand-text","6"],"request_id":6,"async":true}',
    *_asks(
        b'"async","expand-text","x"', b'"async","cycle","nope"', b'"async","nope"', b'"async","cycle"',
        b'"sync","expand-text","x"', b'"async","sync","expand-text","x"', b'"sync","async","cycle","nope"',
        b'"async","get_property","pause"',
    ),
    b'{"command":["async","cycle","nope"],"request_id":5,"async":true}',
    b'{"command":["async","expand-text","x"],"request_id":5,"async":true}',
    b'{"command":{"name":"cycle","_flags":["async"]},"request_id":5}',
]  # fmt: skip

ARGUMENTS: Final = [
    *_named(
        b'"name":"expand-text","text":"a"', b'"name":"expand_text","text":"a"', b'"text":"a","name":"expand-text"',
        b'"name":"expand-text"', b'"name":"expand-text","txt":"a"', b'"name":"expand-text","text":5',
        b'"name":"expand-text","text":null',
        b'"name":"expand-text","name":"ignore","text":"a"', b'"name":5', b'"name":""', b'"name":"nope"', b'"text":"a"',
        b'"name":"expand-text","text":"a","_flags":["no-osd","raw"]',
        b'"name":"expand-text","text":"a","_flags":["nope"]', b'"name":"expand-text","text":"a","_flags":"raw"',
        b'"name":"expand-text","text":"a","_flags":[5]', b'"name":"expand-text","text":"a","_flags":[]',
        b'"name":"expand-text","text":"a","_flags":["raw"],"_flags":["sync"]', b'"name":"expand-text","text":"a","":1',
        b'"name":"show-text","text":"${nope}","_flags":["expand-properties"],"duration":"5"',
        b'"name":"show-text","text":"a","level":"1"', b'"name":"show-text","duration":5',
        b'"name":"show-text","text":"a","duration":"x"', b'"name":"script-message","args":"a"',
        b'"name":"cycle-values","arg0":"pause","arg1":"yes","argN":"no"', b'"name":"add","value":1',
    ),
    *_asks(
        b'"expand_text","a"', b'"expand-text"', b'"expand-text","a","b"', b'"expand-text",5', b'"expand-text",null',
        b'"expand-text",true', b'"expand-text",["a"]', b'"EXPAND-TEXT","a"', b'" expand-text","a"',
        b'"expand-text ","a"', b'"no-osd"', b'"no-osd","nope"', b'"no-osd","expand-text","a"',
        b'"osd-auto","osd-bar","osd-msg","osd-msg-bar","raw","repeatable","expand-text","a"',
        b'"no_osd","expand-text","a"', b'"expand-text","no-osd"', b'"raw","expand-text","${pause}"', b'"no-osd",5',
        b'"no-osd",["x"]', b'"expand-properties","expand-text","$${pause}"',
        b'"raw","expand-properties","expand-text","$${pause}"', b'"expand-properties","raw","expand-text","$${pause}"',
        b'"expand-properties","seek","${nope:5}"', b'"expand-properties","add","volume","${nope:0}"',
        b'"expand-properties","set","mute","${nope:no}"', b'"expand-properties","show-text","a","${nope:5}"',
        b'"ignore"', b'"ignore","x"', b'"show-text","a",5', b'"show-text","a","5"', b'"show-text","a",5.0',
        b'"show-text","a","5.0"', b'"show-text","a","0x10"', b'"show-text","a",99999999999', b'"show-text","a",""',
        b'"show-text","a","99999999999"', b'"show-text","a",5,1,1', b'"set","mute"', b'"set","mute","no","x"',
        b'"set","mute",false', b'"set","mute","maybe"', b'"set","nope","x"', b'"set",5,"x"', b'"cycle"',
        b'"cycle","nope"', b'"cycle","mute","sideways"', b'"cycle","mute",5', b'"cycle","mute","5"',
        b'"cycle","mute",-1', b'"cycle","mute","down"', b'"get_property","mute"', b'"set","mute","no"',
        b'"add","nope"', b'"add","volume"', b'"add","volume","-1"', b'"add","volume",-1', b'"add","volume","x"',
        b'"add","volume","1/2"', b'"add","volume","0x1"', b'"add","volume",true', b'"add","volume","nan"',
        b'"get_property","volume"', b'"multiply","volume",2', b'"multiply","volume","1:2"', b'"multiply","volume"',
        b'"multiply","nope",2', b'"multiply","mute",2', b'"get_property","volume"', b'"set","volume","100"',
        b'"cycle-values"', b'"cycle-values","mute"', b'"cycle-values","mute","yes"',
        b'"cycle-values","mute","yes","no"', b'"cycle-values","mute","yes","no"',
        b'"cycle-values","!reverse","mute","yes","no"', b'"cycle-values","nope","a","b"', b'"cycle-values","mute",5',
        b'"get_property","mute"', b'"set","mute","no"', b'"script-message"', b'"script-message","a"',
        b'"script-message","a","b","c","d","e","f","g","h","i","j","k","l"', b'"script-message",5',
        b'"script-message","\xff\xc3\xa9"', b'"expand-properties","script-message","${mute}"', b'"script-message-to"',
        b'"script-message-to","nope"', b'"script-message-to","nope","a"', b'"script-message-to",5,"a"', b'"seek"',
        b'"seek",5', b'"seek","x"', b'"seek",5,"nope"', b'"seek",5,["absolute","exact"]', b'"seek",5,"absolute+"',
        b'"seek",5,"+absolute"', b'"seek",5,"absolute++exact"', b'"seek",5,"absolute+relative"', b'"seek",5,5',
        b'"seek",5,[5]', b'"seek",true', b'"seek",null', b'"seek",5,"absolute","keyframes"',
        b'"seek",5,"absolute","nope"', b'"seek",5,"-"', b'"stop","x"', b'"stop","keep-playlist","x"', b'"loadfile"',
        b'"loadfile",5', b'"loadfile","@gone@","nope"', b'"quit","x"', b'"print-text"', b'"print-text","a"',
        b'"frame-step","x"', b'"expand-text","a",null', b'"cycle","playlist-pos"', b'"add","playlist-pos",1',
        b'"multiply","playlist-pos",2', b'"get_property","playlist-pos"', b'"add","playlist-pos-1",-1',
        b'"get_property","playlist-pos-1"', b'"screenshot"', b'"screenshot","nope"',
        b'"screenshot","video+window"', b'"screenshot","video","single","x"', b'"screenshot-to-file"',
        b'"screenshot-to-file",5', b'"screenshot-to-file","x.png"', b'"screenshot-to-file","x.png","each-frame"',
    ),
]  # fmt: skip

EXPANSION: Final = _says(
    b"${pause}", b"${=pause}", b"${volume} ${=volume}", b"${nope}", b"${=nope}", b"${chapter}", b"${=chapter}",
    b"${nope:fb}", b"${pause:fb}", b"${=nope:fb}", b"${?pause:s}", b"${!pause:s}", b"${?nope:s}", b"${!nope:s}",
    b"${?chapter:s}${!chapter:t}", b"${?pause==yes:s}", b"${?pause==no:s}", b"${!pause==no:s}", b"${!pause==yes:s}",
    b"${?volume==100:s}", b"${?=volume==100:s}", b"${?=volume==100.000000:s}", b"${?nope==:s}", b"${!nope==:s}",
    b"${?nope==x:s}", b"${?pause== yes:s}", b"${?pause==yes==yes:s}", b"${=?pause:s}", b"${!?pause:s}",
    b"${?!pause:s}", b"${??pause:s}", b"${==pause}", b"${=pause==yes}", b"${pause==yes}", b"${?pause}", b"${!nope}",
    b"${?pause==yes}", b"${pause", b"a ${pause b", b"${pause:", b"${pause:x", b"${nope:x", b"${", b"${}", b"${:x}",
    b"${=}", b"${?}", b"${!}", b"${?:x}", b"${!:x}", b"${ pause}", b"${pause }", b"${nope:${pause}}",
    b"${nope:${nope:${pause}}}", b"${pause:${nope}}x", b"${nope:a${pause}b${nope}c}d", b"${nope:a}b}c",
    b"${nope:{a}b}", b"${nope:{a$}b}", b"${nope:$$}", b"${pause:$}}|", b"${pause:${nope}|${pause}",
    b"${pause:${pause}", b"${nope:${pause}", b"${pause:${nope:x}y", b"${?pause==yes:a${?mute==no:b}c}d",
    b"${?pause==no:a${?mute==no:b}c}d", b"${?pause==no:a${pause:b}c}d", b"${!nope:${!nope:${!nope:x}}}", b"$", b"$$",
    b"$$$", b"$$$$", b"$x", b"$}", b"}", b"{", b"a}b", b"$>", b"$>${pause}", b"a$>${pause}$$", b"${nope:$>a}b",
    b"${pause}$>${pause}", b"$$>${pause}", b"$>$>x", b"${pause:$>a}b}", b"$ {pause}", b"$${pause}", b"$$${pause}",
    b"${pause}${pause}", b"${\xc3\xa9}", b"${nope:\xc3\xa9\xff}", b"\xff${pause}\xfe", b"${" + b"x" * 62 + b"}",
    b"${" + b"x" * 100 + b"}", b"${" + b"x" * 100 + b":fb}", b"${?" + b"x" * 100 + b":s}|",
    b"${pause:" * 60 + b"}" * 60, b"${nope:" * 60 + b"x" + b"}" * 60, b"${pause/x}", b"${nope/x}", b"${options/pause}",
    b"${a:b:c}", b"${a=b}", b"${pause\\n}", b"${path} ${=path} ${?path:s}${!path:t}",
    b"${time-pos}|${=time-pos}|${duration}", b"${filename:none}", b"${playlist-pos}|${playlist-count}",
    b"${idle-active}${core-idle}", b"${?idle-active==yes:idle}", b"${mute:}x", b"${nope:}x",
)  # fmt: skip

TEXT: Final = [
    line + b"\nscript-message after"
    for line in (
        b"script-message a b", b"  script-message\ta\x0bb\x0c", b"script-message a#b", b"script-message a # b",
        b"script-message a;script-message b", b"script-message a ; script-message b ;",
        b"script-message a;;script-message b", b";script-message a", b"script-message a; ;script-message b",
        b"script-message a; # nope", b"script-message a;nope", b"nope;script-message a",
        b"script-message a;script-message 'b", b"script-message a;cycle", b"script-message a;seek x",
        b"script-message a;set mute maybe;script-message b", b"script-message a;cycle nope;script-message b",
        b"script-message a\\;b", b'script-message "a;b#c"', b"script-message 'a;b#c'", b"script-message `Xa;b`#cX`",
        b"script-message `Xa'b\"cX`d", b"script-message ``a``", b"script-message `a", b"script-message `",
        b"script-message `aa`", b"script-message `aa`b", b"script-message ` a b `",
        b"script-message `\xc3\xa9a\xc3\xa9`", b"script-message `\xc3\xa9a\xc3`", b'script-message "a\\"b"',
        b'script-message "a\\\\"', b'script-message "a\\"', b'script-message "\\u0041\\u00e9\\n\\t"',
        b'script-message "\\q"', b'script-message "\\x4"', b'script-message "\\u12"',
        b'script-message "\\ud83d\\ude00"', b'script-message "\\ud83d"',
        b"script-message 'a\\'b'", b"script-message 'a''b'", b'script-message "a""b"c', b"script-message a'b c'd",
        b'script-message a"b c"d', b"script-message a`b c`d", b'script-message ""', b"script-message ''",
        b"script-message `XX`", b'script-message "unfinished', b"script-message 'unfinished", b'"script-message" a',
        b"'script-message' a", b"`Xscript-messageX` a", b'"" script-message a', b"no-osd script-message a",
        b"'no-osd' script-message a", b"no-osd osd-bar raw script-message ${mute}", b"no-osd",
        b"no-osd ; script-message a", b"no_osd script-message a", b"script-message no-osd", b"script_message a",
        b"Script-Message a", b"script-message ${mute}", b"script-message '${mute} b' \"${=volume}\"",
        b"script-message $${mute} $> ${mute}", b"script-message '$> ${mute}'", b"raw script-message ${mute}",
        b"raw expand-properties script-message ${mute}", b"expand-properties raw script-message ${mute}",
        b"script-message ${mute}; raw script-message ${mute}", b"script-message ${nope:a b} c",
        b"script-message '${nope:a b}'", b"${nope:script-message} a", b"async script-message a",
        b"async cycle nope; script-message a", b"sync script-message a", b"repeatable script-message a",
        b"script-message \xff\xc3\xa9", b"script-message a\xc2\xa0b", b"script-message a\0b", b"script-message \\x41",
        b"script-message {a} [b] \"c\"", b"[1]", b'"x"', b"'x'", b"get_property pause", b"client_name",
        b"observe_property 1 pause", b"ignore", b"ignore x", b"ignore; script-message a",
        b"set mute yes extra; script-message a",
        b"cycle mute; script-message ${mute}; cycle mute; script-message ${mute}",
        b"add volume -5; script-message ${=volume}; add volume 5",
        b"set volume 0x10; script-message ${=volume}; set volume 100", b"set volume '5 0'; script-message a",
        b"add volume x; script-message a", b"seek 5; script-message a", b"expand-text x; script-message a",
        b"script-message-to nope a; script-message b", b"show-text a 5 1; script-message a",
        b"show-text a 5 1 1; script-message a", b"show-text a ${nope:5}; script-message a",
        b"print-text a; script-message a", b"script-message " + b"a " * 98, b"script-message " + b"a " * 99,
        b"script-message " + b"a " * 100, b"script-message " + b"a " * 101, b"loadfile; script-message a",
        b"script-message a\r", b"script-message a;\r", b"\x0bscript-message a", b"script-message 'a\tb'",
        b"script-message a; 'unfinished",
    )
]  # fmt: skip

OBSERVING: Final = [
    *_asks(
        b'"observe_property",1,"pause"', b'"observe_property",0,"pause"', b'"observe_property",-7,"pause"',
        b'"observe_property",1,"mute"', b'"observe_property_string",2,"pause"',
        b'"observe_property_string",3,"volume"', b'"observe_property",4,"volume"', b'"observe_property",5,"nope"',
        b'"observe_property_string",6,"nope"', b'"observe_property",7,""', b'"observe_property",8,"path"',
        b'"observe_property",9,"playlist-count"', b'"observe_property",9223372036854775807,"speed"',
        b'"observe_property",-9223372036854775808,"speed"', b'"observe_property",10,"pau\\u0073e"',
        b'"observe_property",11,"\xff"', b'"observe_property",12,"audio-delay"',
        b'"observe_property_string",13,"audio-delay"', b'"cycle","pause"', b'"set_property","pause",false',
        b'"set_property","pause",true', b'"set_property","volume",40', b'"set_property","volume",40.0',
        b'"set_property","mute",false', b'"set_property","mute",true', b'"unobserve_property",1', b'"cycle","mute"',
        b'"unobserve_property",0', b'"unobserve_property",-7', b'"cycle","pause"',
        b'"disable_event","property-change"', b'"cycle","pause"', b'"enable_event","property-change"',
        b'"disable_event","all"', b'"set_property","volume",50', b'"script-message","unheard"',
        b'"enable_event","client-message"', b'"script-message","heard"', b'"enable_event","all"',
        b'"observe_property",12,"mute"', b'"observe_property",12,"pause"', b'"observe_property",12,"mute"',
        b'"cycle","mute"', b'"unobserve_property",12', b'"cycle","mute"',
    ),
    b'{"command":["set_property","audio-delay",1]}\n{"command":["set_property","audio-delay",2]}\nset audio-delay 3',
    b"set audio-delay 4; set audio-delay 3; script-message a",
    b"set audio-delay 4; set audio-delay 5; script-message a",
    b'{"command":["script-message","a"]}\n{"command":["set_property","audio-delay",6]}\n{"command":["script-message","b"]}',
    b'{"command":["observe_property",20,"mute"]}\n{"command":["set_property","mute",true]}\n{"command":["unobserve_property",20]}',
    b'{"command":["observe_property",20,"mute"]}\n{"command":["set_property","mute",false]}',
    b'{"command":["set_property","pause",false]}\n{"command":["set_property","audio-delay",0]}\n'
    b'{"command":["set_property","speed",0.5]}',
    b'{"command":["set_property","speed",1]}\n{"command":["set_property","pause",true]}',
    b'{"command":["set_property","speed",1.5]}', b'{"command":["set_property","speed",1]}',
]  # fmt: skip

VALUES: Final = [
    *_reads(
        b"pause", b"mute", b"volume", b"volume-max", b"speed", b"time-pos", b"playback-time", b"duration",
        b"time-remaining", b"playtime-remaining", b"percent-pos", b"path", b"filename", b"filename/no-ext",
        b"media-title", b"idle-active", b"core-idle", b"eof-reached", b"seeking", b"seekable", b"paused-for-cache",
        b"playlist-pos", b"playlist-pos-1", b"playlist-count", b"playlist", b"playlist/count", b"playlist/0",
        b"playlist/0/filename", b"playlist/0/current", b"playlist/0/playing", b"playlist/0/id", b"playlist/0/nope",
        b"playlist/1/filename", b"playlist/-1", b"playlist/x", b"playlist/", b"track-list/count", b"track-list/0/type",
        b"track-list/0/id", b"track-list/0/selected", b"track-list/9/type", b"track-list/0/nope",
        b"track-list/0/title", b"fullscreen", b"aid", b"vid", b"sid", b"audio-delay", b"sub-delay", b"sub-visibility",
        b"idle", b"loop-file", b"loop-playlist", b"chapter", b"chapters",
    ),
    *_asks(
        b'"set_property","volume",33.25', b'"expand-text","${volume} ${=volume}"',
        b'"set_property","volume","66.75"', b'"get_property_string","volume"', b'"set_property","volume",0',
        b'"expand-text","${volume} ${=volume}"', b'"set_property","volume",100',
        b'"set_property","audio-delay",-0.0004', b'"expand-text","${audio-delay} ${=audio-delay}"',
        b'"set_property","audio-delay",1.2345678', b'"expand-text","${audio-delay} ${=audio-delay}"',
        b'"set_property","audio-delay",0', b'"set_property","speed",1.333333333',
        b'"expand-text","${speed} ${=speed}"', b'"get_property","speed"', b'"set_property","speed",1',
        b'"set_property","sub-delay","0.1"', b'"get_property","sub-delay"', b'"set_property","sub-delay",0',
        b'"add","volume",1000', b'"get_property","volume"', b'"add","volume",-1000', b'"get_property","volume"',
        b'"set_property","volume",100', b'"set_property","aid","no"', b'"get_property","aid"',
        b'"get_property_string","aid"', b'"expand-text","${aid}"', b'"set_property","aid",1',
        b'"set_property","aid","x"', b'"set_property","aid",true', b'"set_property","aid",1.0',
        b'"get_property","aid"', b'"set_property","pause","maybe"', b'"set_property","time-pos","x"',
        b'"set_property","time-pos",true', b'"set_property","percent-pos",-1', b'"set_property","percent-pos",101',
        b'"set_property","percent-pos","x"', b'"set_property","path","x"', b'"set_property","duration",5',
        b'"set_property","filename/no-ext","x"', b'"set_property","playlist-count",1',
        b'"set_property","track-list",[]', b'"set_property","playlist/0/filename","x"', b'"cycle","path"',
        b'"add","path",1', b'"cycle","duration"', b'"cycle","fullscreen"', b'"cycle","fullscreen"',
        b'"set","time-pos","x"',
    ),
]  # fmt: skip

PLAYING: Final[list[bytes | Until]] = [
    *_asks(
        b'"observe_property",1,"path"', b'"observe_property",2,"idle-active"',
        b'"observe_property",3,"playlist-count"', b'"observe_property",4,"pause"',
        b'"observe_property",5,"playlist/0/filename"', b'"observe_property_string",6,"playlist/count"',
        b'"observe_property",7,"playlist/9/id"', b'"observe_property",8,"filename/no-ext"',
    ),
    Until(b'{"command":["loadfile","@clip@"],"request_id":1}', _LOADED),
    Until(b'{"command":["seek",5,"absolute+exact"],"request_id":2}', _SOUGHT),
    *_asks(
        b'"get_property","time-pos"', b'"get_property_string","time-pos"',
        b'"expand-text","${time-pos}|${percent-pos}|${time-remaining}"',
    ),
    Until(b'{"command":["seek","5","relative","exact"],"request_id":3,"async":true}', _SOUGHT),
    Until(b'{"command":["seek",50,["absolute-percent","exact"]],"request_id":4}', _SOUGHT),
    Until(b"seek -1 relative+exact", _SOUGHT),
    Until(b'{"command":["set_property","time-pos",20],"request_id":5}', _SOUGHT),
    Until(b'{"command":["set_property","percent-pos",25],"request_id":6}', _SOUGHT),
    Until(b'{"command":{"name":"seek","target":"0:00:12","flags":"absolute+exact"},"request_id":7}', _SOUGHT),
    *_asks(
        b'"get_property","time-pos"', b'"get_property","seeking"', b'"get_property","core-idle"',
        b'"get_property","eof-reached"',
    ),
    Until(b'{"command":["loadfile","@clip@","replace"],"request_id":8}', b"end-file " + _LOADED),
    Until(b'{"command":["stop"],"request_id":9}', _ENDED),
    *_asks(
        b'"get_property","path"', b'"get_property","playlist-count"', b'"get_property","time-pos"', b'"seek",5',
        b'"get_property","idle-active"',
    ),
    Until(b'loadfile "@clip@"', _LOADED), Until(b"stop", _ENDED),
    Until(b'{"command":["loadfile","@gone@"],"request_id":10}', b"start-file end-file idle"),
    Until(b'{"command":["loadfile","@clip@"],"request_id":11,"async":true}', _LOADED),
    Until(b'{"command":["async","stop"],"request_id":12}', _ENDED),
]  # fmt: skip

STOPPING: Final[list[bytes | Until]] = [
    *_asks(b'"observe_property",1,"pause"', b'"set_property","pause",false'),
    Until(b'{"command":["loadfile","@clip@"]}', _LOADED),
    Until(b'{"command":["stop"]}', _ENDED),
    *_asks(
        b'"get_property","pause"', b'"get_property","track-list"', b'"get_property","aid"', b'"get_property","vid"',
        b'"get_property","sid"', b'"get_property","current-tracks"', b'"get_property","chapter-list"',
        b'"set_property","pause",true', b'"set_property","pause",false', b'"cycle","pause"', b'"cycle","pause"',
        b'"get_property","idle-active"', b'"get_property","playlist"', b'"get_property","time-pos"', b'"seek",5',
    ),
    Until(b'{"command":["loadfile","@clip@"]}', _LOADED),
    Until(b'{"command":["stop","keep-playlist"]}', _ENDED),
    *_asks(
        b'"get_property","pause"', b'"set_property","pause",false', b'"get_property","idle-active"',
        b'"get_property","playlist-count"', b'"get_property","playlist-pos"', b'"stop"',
        b'"get_property","playlist-count"',
    ),
    Until(b'{"command":["loadfile","@clip@"]}', _LOADED),
    Until(b'{"command":["playlist-remove","current"]}', _ENDED),
    *_asks(b'"get_property","pause"', b'"set_property","pause",true', b'"get_property","idle-active"'),
]  # fmt: skip

TRACKS: Final[list[bytes | Until]] = [
    *_asks(
        b'"get_property","sub-visibility"', b'"set_property","sub-visibility",false',
        b'"get_property","sub-visibility"', b'"get_property","aid"', b'"set_property","aid",2',
        b'"get_property","aid"', b'"expand-text","${aid}|${=aid}|${sid}|${=vid}"', b'"set_property","sid",-1',
        b'"set_property","sid",8191', b'"set_property","sid",true', b'"set_property","vid","auto"',
        # mpv forgets this choice where the film before had other tracks.
        b'"set_property","aid","auto"',
    ),
    Until(b'{"command":["loadfile","@tracks@"]}', _LOADED),
    *_asks(
        b'"get_property","aid"', b'"get_property","sid"', b'"get_property","sub-visibility"',
        b'"set_property","sid",1', b'"get_property","sid"', b'"get_property","sub-visibility"',
        b'"cycle","sub-visibility"', b'"get_property","sid"', b'"get_property","sub-visibility"',
        b'"set_property","sid",2', b'"set_property","sub-visibility","no"', b'"get_property","sid"',
        b'"get_property","current-tracks/sub/id"', b'"set_property","sid","no"', b'"get_property","sub-visibility"',
        b'"cycle","sub-visibility"', b'"get_property","sid"', b'"set_property","aid","auto"',
        b'"set_property","sid","auto"', b'"get_property","sid"', b'"set_property","sub-visibility",false',
    ),
    Until(b'{"command":["stop"]}', _ENDED),
    *_asks(b'"get_property","sub-visibility"', b'"set_property","sub-visibility",true'),
    Until(b'{"command":["loadfile","@tracks@"]}\n{"command":["set_property","sid",2]}', _LOADED),
    *_asks(b'"get_property","sid"', b'"set_property","sid","auto"'),
]  # fmt: skip

SUBTITLES: Final = _asks(
    *[
        b'"%s","%s"' % (verb, name) for name in (b"sub-color", b"sub-border-color", b"sub-back-color", b"sub-bold")
        for verb in (b"get_property", b"get_property_string", b"add")
    ],
    *[
        each for value in (
            b'"#112233"', b'"#80112233"', b'"1.0/0.5/0"', b'"0.5"', b'"red"', b'"#12"', b"5", b'"1/0/0/0.25"', b'"1/2"',
            b'"0.1/.5"', b'"1/1/1/1/1"', b'""', b'"#aabbcc"', b"true", b'"-1"', b'"1//1"', b'"#FFFFFFFF"',
        )
        for each in (b'"set_property","sub-color",%s' % value, b'"get_property","sub-color"')
    ],
    b'"expand-text","${sub-color}|${=sub-color}"', b'"set_property","sub-font","Sans"', b'"get_property","sub-font"',
    b'"set_property","sub-font",5', b'"set_property","sub-bold","yes"', b'"get_property","options/sub-bold"',
    b'"set_property","sub-border-size",2.5', b'"get_property","sub-border-size"',
    b'"expand-text","${sub-bold}|${sub-border-size}|${sub-font}"', b'"set_property","sub-border-size","x"',
    b'"set_property","sub-bold",false', b'"cycle","sub-bold"', b'"get_property","sub-bold"',
)  # fmt: skip

LANGUAGES: Final[list[bytes | Until]] = [
    *_asks(
        *[
            b'"%s","%s"' % (verb, name) for name in (b"alang", b"slang", b"audio-device")
            for verb in (b"get_property", b"get_property_string", b"cycle", b"add")
        ],
        b'"set_property","alang","eng,deu"', b'"get_property","alang"', b'"get_property_string","alang"',
        b'"expand-text","${alang}|${=alang}"', b'"set_property","slang",["deu","eng"]', b'"get_property","slang"',
        b'"get_property","options/slang"', b'"set_property","alang",5', b'"set_property","alang",[1]',
        b'"set_property","alang",{"a":"b"}', b'"set_property","alang",true', b'"set","alang","deu"',
        b'"get_property","alang"', b'"set_property","alang",[]', b'"get_property","alang"',
        b'"set_property","audio-device",5', b'"set_property","audio-device","auto"',
    ),
    Until(b'{"command":["loadfile","@tracks@"]}', _LOADED),
    *_asks(
        b'"get_property","aid"', b'"get_property","sid"', b'"set_property","slang","eng"', b'"get_property","sid"',
        b'"set_property","sid","auto"',
    ),
    Until(b'{"command":["stop"]}', _ENDED),
    *_asks(b'"set_property","alang","xxx,deu"', b'"set_property","slang","xxx"'),
    Until(b'{"command":["loadfile","@tracks@"]}', _LOADED),
    *_asks(
        b'"get_property","aid"', b'"get_property","sid"', b'"set_property","alang",""', b'"set_property","slang",""',
        b'"get_property_string","alang"', b'"get_property_string","slang"',
    ),
]  # fmt: skip


def _cycled(name: bytes, *values: bytes) -> list[bytes]:
    """Return requests that lead a property through these values, and back."""
    words = b'"' + b'","'.join((name, *values)) + b'"'
    reading = b'"get_property_string","%s"' % name
    up, down = b'"cycle-values",' + words, b'"cycle-values","!reverse",' + words
    return _asks(*[each for _ in values for each in (up, reading)], *[each for _ in values for each in (down, reading)])


CYCLING: Final[list[bytes]] = [
    *_cycled(b"loop-file", b"inf", b"no"), *_cycled(b"loop-file", b"yes", b"no"),
    *_cycled(b"loop", b"inf", b"3", b"no"),
    *_cycled(b"loop-playlist", b"yes", b"no"), *_cycled(b"loop-playlist", b"inf", b"force", b"no"),
    *_cycled(b"pause", b"no", b"yes"), *_cycled(b"mute", b"yes", b"no"), *_cycled(b"volume", b"10", b"50.5", b"100"),
    *_cycled(b"speed", b"1.25", b"1.5", b"1"), *_cycled(b"sub-visibility", b"no", b"yes"),
    *_cycled(b"aid", b"no", b"1"), *_cycled(b"sub-delay", b"1", b"0"), *_cycled(b"fullscreen", b"yes", b"no"),
    *_cycled(b"keep-open", b"always", b"no", b"yes"), *_cycled(b"ab-loop-a", b"3", b"no"),
    *_asks(
        *[b'"%s","keep-open"' % word for word in (b"cycle", b"get_property", b"cycle", b"get_property", b"cycle")],
        b'"cycle","keep-open","down"', b'"get_property","keep-open"', b'"add","keep-open",1', b'"add","keep-open",5',
        b'"get_property","keep-open"', b'"add","keep-open",-1', b'"get_property","keep-open"',
        b'"set_property","keep-open","x"', b'"set_property","keep-open",5', b'"set_property","keep-open",false',
        b'"get_property","options/keep-open"', b'"set_property","keep-open",true', b'"get_property","keep-open"',
    ),
]  # fmt: skip

ENDING: Final[list[bytes | Until]] = [
    *_asks(
        b'"set_property","keep-open","no"', b'"observe_property",1,"pause"', b'"observe_property",2,"idle-active"',
        b'"set_property","pause",true',
    ),
    *_asks(b'"set_property","pause",false'),
    Until(b'{"command":["loadfile","@clip@","append-play"]}', _LOADED),
    Until(b'{"command":["seek",-0.3,"absolute+exact"]}', _SOUGHT + b" end-file idle"),
    *_asks(b'"get_property","playlist-pos"', b'"get_property","playlist-count"', b'"get_property","pause"'),
    Until(b'{"command":["loadfile","@clip@"]}', _LOADED),
    *_asks(b'"get_property","pause"', b'"get_property","playlist-count"', b'"set_property","pause",true'),
    Until(b'{"command":["stop"]}', _ENDED),
    *_asks(b'"set_property","keep-open","yes"'),
]  # fmt: skip

_MOVED: Final = b"start-file file-loaded seek playback-restart"


def _undone(*names: bytes) -> list[bytes]:
    return _asks(*[b'"get_property","%s"' % name for name in names])


OPTIONS: Final[list[bytes | Until]] = [
    Until(b'{"command":["loadfile","@clip@","replace","start=10,volume=50,mute=yes"]}', _MOVED),
    *_undone(b"time-pos", b"volume", b"mute", b"pause", b"speed"),
    Until(b'{"command":["loadfile","@clip@","replace",{"start":"0:20","speed":"1.25"}]}', b"end-file " + _MOVED),
    *_undone(b"time-pos", b"volume", b"mute", b"pause", b"speed"),
    Until(b'{"command":{"name":"loadfile","url":"@clip@","options":{"aid":"no"}}}', b"end-file " + _LOADED),
    *_undone(b"aid", b"speed"),
    *_asks(b'"set_property","aid","auto"'),
    Until(b'{"command":["loadfile","@clip@","replace","nope=1,start=x,volume=[40],mute"]}', b""),
    Until(b'{"command":["loadfile","@clip@","replace","nope=1,volume=[40],title=\\"a,b\\""]}', b"end-file " + _LOADED),
    *_undone(b"volume", b"title", b"aid"),
    *_asks(
        b'"loadfile","@clip@","replace","start"', b'"loadfile","@clip@","replace",{"start":10}',
        b'"loadfile","@clip@","replace",["start=10"]', b'"loadfile","@clip@","replace",true',
        b'"loadfile","@clip@","replace",null', b'"loadfile","@clip@","append","loop-file=inf,pause=no"',
    ),
    Until(b'{"command":["playlist-next"]}', b"end-file " + _LOADED),
    *_undone(b"loop-file", b"pause", b"volume"),
    Until(b'{"command":["stop"]}', _ENDED),
    *_undone(b"loop-file", b"pause", b"volume", b"mute", b"aid"),
]  # fmt: skip

SCENES: Final[Mapping[str, Scene]] = {
    "framing": Scene(False, FRAMING),
    "ids": Scene(False, IDS),
    "strings": Scene(False, STRINGS),
    "verbs": Scene(False, VERBS),
    "async": Scene(False, ASYNC),
    "arguments": Scene(False, ARGUMENTS),
    "expansion, idle": Scene(False, EXPANSION),
    "text": Scene(False, TEXT),
    "observing": Scene(False, OBSERVING),
    "playing": Scene(False, PLAYING),
    "expansion, with a film": Scene(True, EXPANSION),
    "values": Scene(True, VALUES),
    "stopping": Scene(False, STOPPING),
    "tracks": Scene(False, TRACKS),
    "languages": Scene(False, LANGUAGES),
    "subtitles": Scene(False, SUBTITLES),
    "cycling": Scene(True, CYCLING),
    "ending": Scene(False, ENDING),
    "options": Scene(False, OPTIONS),
}
