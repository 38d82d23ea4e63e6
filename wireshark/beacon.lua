-- Wireshark's view of braceroute's probes: the payload of UDP and ICMP echo that says which probe a packet is (src/wire/identity.ts).
-- Install: copy this file into the folder that Help > About Wireshark > Folders calls "Personal Lua Plugins", or start with
--   wireshark -X lua_script:wireshark/beacon.lua FILE
-- Filters: braceroute, braceroute.probe == 17, braceroute.leg == 2, braceroute.path == 3, braceroute.run == 0x1234abcd

local beacon = Proto("braceroute", "braceroute probe")

local MAGIC = 0xbeac2003
local LENGTH = 36
-- A quote may be cut here: all that says and proves which probe it is.
local PROVING = 28

local fields = {
	magic = ProtoField.uint32("braceroute.magic", "Magic", base.HEX),
	version = ProtoField.uint8("braceroute.version", "Version"),
	balance = ProtoField.uint16("braceroute.balance", "Checksum balance", base.HEX),
	run = ProtoField.uint32("braceroute.run", "Run", base.HEX),
	path = ProtoField.uint32("braceroute.path", "Path"),
	probe = ProtoField.uint32("braceroute.probe", "Probe"),
	tag = ProtoField.bytes("braceroute.tag", "Tag"),
	sent = ProtoField.absolute_time("braceroute.sent", "Sent", base.UTC),
	leg = ProtoField.uint32("braceroute.leg", "Leg"),
	legs = ProtoField.uint32("braceroute.layers", "Layers when sent"),
	age = ProtoField.relative_time("braceroute.age", "Time since sent"),
}
beacon.fields = fields

-- What stands around the payload: one value for each header, outside in.
local ip4 = Field.new("ip.ttl")
local ip6 = Field.new("ipv6.hlim")
local source4, destination4 = Field.new("ip.src"), Field.new("ip.dst")
local source6, destination6 = Field.new("ipv6.src"), Field.new("ipv6.dst")
local icmp = Field.new("icmp.type")
local icmp6 = Field.new("icmpv6.type")

-- Headers that a probe wore when it was first seen, by run and probe: with each router that unwraps it there is one less.
local worn = {}

function beacon.init()
	worn = {}
end

-- An error's own header is none of the probe's; of ICMP these types quote what they are about.
local QUOTES4 = { [3] = true, [4] = true, [5] = true, [11] = true, [12] = true }

local function headers()
	local count = select("#", ip4()) + select("#", ip6())
	local type4, type6 = icmp(), icmp6()
	local quoting = (type4 ~= nil and QUOTES4[type4.value]) or (type6 ~= nil and (type6.value < 128 or type6.value == 137))
	return quoting and count - 1 or count, quoting
end

-- From us to us: a probe that is home, of which it does not show how it was sent.
local function is_home()
	local source, destination = source4() or source6(), destination4() or destination6()
	return tostring(source) == tostring(destination)
end

local function leg_of(run, probe, quoting, count)
	local key = run .. "/" .. probe
	if worn[key] == nil then
		if quoting or is_home() then
			return nil
		end
		worn[key] = count
	end
	return math.max(1, worn[key] - count + 1), worn[key]
end

function beacon.dissector(buffer, packet, tree)
	if buffer:len() < PROVING or buffer(0, 4):uint() ~= MAGIC or buffer(4, 1):uint() ~= 1 then
		return 0
	end
	local run, probe = buffer(8, 4):uint(), buffer(16, 4):uint()
	local count, quoting = headers()
	local branch = tree:add(beacon, buffer(0, math.min(buffer:len(), LENGTH)), string.format("braceroute probe %d, path %d", probe, buffer(12, 4):uint()))
	branch:add(fields.magic, buffer(0, 4))
	branch:add(fields.version, buffer(4, 1))
	branch:add(fields.balance, buffer(6, 2))
	branch:add(fields.run, buffer(8, 4))
	branch:add(fields.path, buffer(12, 4))
	branch:add(fields.probe, buffer(16, 4))
	branch:add(fields.tag, buffer(20, 8))
	if buffer:len() >= LENGTH then
		local sent = buffer(28, 8):uint64()
		local seconds, nanoseconds = (sent / 1000000000):tonumber(), (sent % 1000000000):tonumber()
		branch:add(fields.sent, buffer(28, 8), NSTime.new(seconds, nanoseconds))
		local arrived = NSTime.new(math.floor(packet.abs_ts), math.floor((packet.abs_ts % 1) * 1e9))
		branch:add(fields.age, buffer(28, 8), arrived - NSTime.new(seconds, nanoseconds)):set_generated()
	end
	local leg, layers = leg_of(run, probe, quoting, count)
	if leg ~= nil then
		branch:add(fields.leg, buffer(0, 0), leg):set_generated()
		branch:add(fields.legs, buffer(0, 0), layers):set_generated()
	end
	packet.cols.protocol = "braceroute"
	packet.cols.info:append(string.format(" [probe %d%s]", probe, quoting and ", quoted" or ""))
	return math.min(buffer:len(), LENGTH)
end

local function looks_like(buffer, packet, tree)
	return beacon.dissector(buffer, packet, tree) > 0
end

beacon:register_heuristic("udp", looks_like)
-- Not every version lets others look at the data of an echo.
for _, name in ipairs({ "icmp", "icmpv6" }) do
	pcall(beacon.register_heuristic, beacon, name, looks_like)
end
