#include "pcap_socket.h"

#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

#ifndef PACKET_IGNORE_OUTGOING
#define PACKET_IGNORE_OUTGOING 23  // Linux 4.20; missing from older headers
#endif

namespace {
constexpr uint64_t kNanosecondsPerSecond = 1'000'000'000;
// libpcap's pseudo-device: every interface that is up, also those that come up later. Its socket is without link headers.
constexpr char kAllInterfaces[] = "any";
}

Napi::Function PcapSocket::Define(Napi::Env env) {
  return DefineClass(env, "PcapSocket",
                     {InstanceMethod<&PcapSocket::Activate>("activate"), InstanceMethod<&PcapSocket::Send>("send"),
                      InstanceMethod<&PcapSocket::LinkType>("linkType"), InstanceMethod<&PcapSocket::Take>("take"),
                      InstanceMethod<&PcapSocket::Watch>("watch"), InstanceMethod<&PcapSocket::Unwatch>("unwatch"),
                      InstanceMethod<&PcapSocket::Dropped>("dropped"), InstanceMethod<&PcapSocket::Received>("received"),
                      InstanceMethod<&PcapSocket::Close>("close")});
}

// new PcapSocket({ filter: string, snapLength: number, bufferBytes: number, bystander?: { device: string, waitMs: number } }): nothing is
// asked of the kernel before activate(). A bystander sees what leaves too, and packets wait up to `waitMs` for others: block by block they
// need only the room that they fill.
PcapSocket::PcapSocket(const Napi::CallbackInfo& info)
    : ObjectWrap(info), context_(info.Env(), "beacon.PcapSocket") {
  const auto options = info[0].As<Napi::Object>();
  const auto bystander = options.Get("bystander");
  isBystander_ = bystander.IsObject();
  pcap_ = NewPcap(info.Env(), isBystander_ ? bystander.As<Napi::Object>().Get("device").As<Napi::String>() : std::string(kAllInterfaces));
  filter_ = options.Get("filter").As<Napi::String>();
  pcap_set_snaplen(pcap_.get(), options.Get("snapLength").As<Napi::Number>());
  pcap_set_buffer_size(pcap_.get(), options.Get("bufferBytes").As<Napi::Number>());
  if (isBystander_) {
    pcap_set_timeout(pcap_.get(), bystander.As<Napi::Object>().Get("waitMs").As<Napi::Number>());
  } else {
    pcap_set_immediate_mode(pcap_.get(), 1);  // an answer is seen within 0.1 ms; block mode would wait for its timeout
  }
  pcap_set_tstamp_precision(pcap_.get(), PCAP_TSTAMP_PRECISION_NANO);
}

namespace {

// Opens the handle off the JavaScript thread: the kernel waits for a grace period or two, 10 to 20 ms in all.
class Activation : public Napi::AsyncWorker {
 public:
  Activation(Napi::Env env, PcapHandle pcap, std::string filter, bool seesOutgoing)
      : AsyncWorker(env),
        deferred_(env),
        handle_(std::move(pcap)),
        pcap_(handle_.get()),
        filter_(std::move(filter)),
        seesOutgoing_(seesOutgoing) {}
  Napi::Promise Promise() const { return deferred_.Promise(); }

 private:
  void Execute() override {
    if (const int status = pcap_activate(pcap_); status < 0) return Fail(CodeOf(status), WordsOf(pcap_, status));
    pcap_set_datalink(pcap_, DLT_LINUX_SLL2);  // where libpcap is too old for it, SLL stays
    if (!seesOutgoing_ && !IgnoreOutgoing()) return Fail("EPCAP", pcap_geterr(pcap_));
    bpf_program program;
    if (pcap_compile(pcap_, &program, filter_.c_str(), 1, PCAP_NETMASK_UNKNOWN) < 0) return Fail("EFILTER", pcap_geterr(pcap_));
    const int status = pcap_setfilter(pcap_, &program);
    pcap_freecode(&program);
    if (status < 0) return Fail("EFILTER", pcap_geterr(pcap_));
    char words[PCAP_ERRBUF_SIZE] = "";
    if (pcap_setnonblock(pcap_, 1, words) < 0) Fail("EPCAP", words);
  }

  // libpcap would copy our own packets out of the kernel first and drop them later; the kernel need not show them at all.
  bool IgnoreOutgoing() {
    const int yes = 1;
    if (::setsockopt(pcap_fileno(pcap_), SOL_PACKET, PACKET_IGNORE_OUTGOING, &yes, sizeof yes) == 0) return true;
    return pcap_setdirection(pcap_, PCAP_D_IN) == 0;
  }

  void Fail(const char* code, std::string words) {
    code_ = code;
    SetError(words);
  }

  void OnOK() override { deferred_.Resolve(Env().Undefined()); }
  void OnError(const Napi::Error& error) override { deferred_.Reject(PcapError(Env(), code_, error.Message()).Value()); }

  Napi::Promise::Deferred deferred_;
  PcapHandle handle_;  // alive meanwhile, whatever becomes of the JavaScript object
  pcap_t* pcap_;
  std::string filter_;
  bool seesOutgoing_;
  std::string code_;
};

// Closes a handle off the JavaScript thread, where the kernel waits for grace periods again.
class Closing : public Napi::AsyncWorker {
 public:
  Closing(Napi::Env env, PcapHandle pcap) : AsyncWorker(env), deferred_(env), pcap_(std::move(pcap)) {}
  Napi::Promise Promise() const { return deferred_.Promise(); }

 private:
  void Execute() override { pcap_.reset(); }
  void OnOK() override { deferred_.Resolve(Env().Undefined()); }

  Napi::Promise::Deferred deferred_;
  PcapHandle pcap_;
};

}  // namespace

// activate(): Promise<void>
Napi::Value PcapSocket::Activate(const Napi::CallbackInfo& info) {
  Open(info.Env());
  auto* activation = new Activation(info.Env(), pcap_, filter_, isBystander_);  // deletes itself when done
  const auto promise = activation->Promise();
  activation->Queue();
  return promise;
}

// send(interfaceIndex, etherType, neighbour: Uint8Array, packets: Uint8Array[]): how many the device took, from the first on: fewer
// when its queue is full. The kernel writes the link header: to the neighbour's address, or as the device needs where it is empty.
Napi::Value PcapSocket::Send(const Napi::CallbackInfo& info) {
  const auto env = info.Env();
  const int socket = pcap_fileno(Open(env));
  const auto neighbour = info[2].As<Napi::Uint8Array>();
  const auto packets = info[3].As<Napi::Array>();
  sockaddr_ll to = {};
  to.sll_family = AF_PACKET;
  to.sll_ifindex = info[0].As<Napi::Number>();
  to.sll_protocol = htons(static_cast<uint16_t>(info[1].As<Napi::Number>().Uint32Value()));
  to.sll_halen = static_cast<uint8_t>(std::min(neighbour.ByteLength(), sizeof to.sll_addr));
  std::memcpy(to.sll_addr, neighbour.Data(), to.sll_halen);
  uint32_t sent = 0;
  for (; sent < packets.Length(); ++sent) {
    const auto packet = packets.Get(sent).As<Napi::Uint8Array>();
    if (::sendto(socket, packet.Data(), packet.ByteLength(), 0, reinterpret_cast<sockaddr*>(&to), sizeof to) >= 0) continue;
    if (errno == ENOBUFS || errno == EAGAIN || sent > 0) break;  // a real failure shows again when nothing went before it
    throw SystemError(env, errno, "sendto");
  }
  return Napi::Number::New(env, sent);
}

pcap_t* PcapSocket::Open(Napi::Env env) const {
  if (!pcap_) throw PcapError(env, "ECLOSED", "This socket is closed");
  return pcap_.get();
}

Napi::Value PcapSocket::LinkType(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), pcap_datalink(Open(info.Env())));
}

// take(most: number): { bytes: Uint8Array, ends: Uint32Array, lengths: Uint32Array, times: BigUint64Array } | null. The packets stand end
// to end in `bytes`, as far as they were captured; `lengths` are those on the wire; times are nanoseconds since 1970.
Napi::Value PcapSocket::Take(const Napi::CallbackInfo& info) {
  const auto env = info.Env();
  bytes_.clear();
  ends_.clear();
  lengths_.clear();
  times_.clear();
  const int count = pcap_dispatch(Open(env), info[0].As<Napi::Number>(), &Append, reinterpret_cast<u_char*>(this));
  if (count < 0) throw PcapError(env, "EPCAP", pcap_geterr(pcap_.get()));
  if (ends_.empty()) return env.Null();
  auto bytes = Napi::Uint8Array::New(env, bytes_.size());
  std::memcpy(bytes.Data(), bytes_.data(), bytes_.size());
  auto ends = Napi::Uint32Array::New(env, ends_.size());
  std::memcpy(ends.Data(), ends_.data(), ends_.size() * sizeof(uint32_t));
  auto lengths = Napi::Uint32Array::New(env, lengths_.size());
  std::memcpy(lengths.Data(), lengths_.data(), lengths_.size() * sizeof(uint32_t));
  auto times = Napi::BigUint64Array::New(env, times_.size());
  std::memcpy(times.Data(), times_.data(), times_.size() * sizeof(uint64_t));
  auto batch = Napi::Object::New(env);
  batch.Set("bytes", bytes);
  batch.Set("ends", ends);
  batch.Set("lengths", lengths);
  batch.Set("times", times);
  return batch;
}

void PcapSocket::Append(u_char* self, const pcap_pkthdr* header, const u_char* bytes) {
  auto* socket = reinterpret_cast<PcapSocket*>(self);
  socket->bytes_.insert(socket->bytes_.end(), bytes, bytes + header->caplen);
  socket->ends_.push_back(static_cast<uint32_t>(socket->bytes_.size()));
  socket->lengths_.push_back(header->len);
  // With nanosecond precision asked for, tv_usec holds nanoseconds.
  socket->times_.push_back(static_cast<uint64_t>(header->ts.tv_sec) * kNanosecondsPerSecond + header->ts.tv_usec);
}

// watch(readable: () => void): calls once for each time the ring turns readable, until unwatch().
void PcapSocket::Watch(const Napi::CallbackInfo& info) {
  const auto env = info.Env();
  pcap_t* pcap = Open(env);
  onReadable_ = Napi::Persistent(info[0].As<Napi::Function>());
  if (!poll_) poll_ = std::make_unique<ReadablePoll>(env, pcap_get_selectable_fd(pcap), [this] { TellReadable(); });
  poll_->Start();
}

void PcapSocket::Unwatch(const Napi::CallbackInfo&) {
  if (poll_) poll_->Stop();
}

void PcapSocket::TellReadable() {
  const Napi::HandleScope scope(Env());
  try {
    onReadable_.MakeCallback(Env().Global(), {}, context_);
  } catch (const Napi::Error& error) {
    error.ThrowAsJavaScriptException();  // into the event loop, and nowhere where the thread is being ended
  }
}

pcap_stat PcapSocket::Statistics(Napi::Env env) const {
  pcap_stat stat = {};
  if (pcap_stats(Open(env), &stat) < 0) throw PcapError(env, "EPCAP", pcap_geterr(pcap_.get()));
  return stat;
}

// dropped(): number of packets the kernel had no room for.
Napi::Value PcapSocket::Dropped(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), Statistics(info.Env()).ps_drop);
}

// received(): number of packets that passed the filter, those that were dropped among them.
Napi::Value PcapSocket::Received(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), Statistics(info.Env()).ps_recv);
}

// close(): Promise<void>
Napi::Value PcapSocket::Close(const Napi::CallbackInfo& info) {
  poll_.reset();  // before the descriptor goes
  auto* closing = new Closing(info.Env(), std::move(pcap_));  // deletes itself when done
  const auto promise = closing->Promise();
  closing->Queue();
  return promise;
}
