//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "contract/raw_link.hpp"
#include "hostile/producers.hpp"
#include "hostile/strange_things.hpp"
#include "hostile/trial.hpp"
#include "link/block_table.hpp"
#include "names/hello.hpp"
#include "posix/local_socket.hpp"
#include "shm/block_memory.hpp"
#include "support/watchdog.hpp"

#include <strait/listener.hpp>

#include <algorithm>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <sys/socket.h>

// Programs that have a link of a channel and misuse it, beside an honest producer in a third process.
// (What one process can say to another is in contract/c10_bad_input.cpp, large_payloads.cpp, loans.cpp
// and c12_shared_memory.cpp; here is what takes a process.)

using namespace std::chrono_literals;
using namespace strait::test;
using strait::endpoint;
using strait::error;
using strait::error_code;
using strait::handle;
using strait::limits;
using strait::make_channel;
using strait::receiver;
using strait::sender;
using strait::shared_memory;
using wire::frame_header;
using wire::frame_kind;

namespace {

namespace detail = strait::detail;

constexpr std::uint64_t offender = 0x0fe1'0fe1'0fe1'0fe1u;
constexpr std::uint64_t marker = 100;

struct offence {
    const char* what;
    std::vector<error_code> faults;  // any of these, at least one; or none at all
    enum { lasts, ends, either } link;  // either: whichever comes first, its own end or ours
    void (*commit)(raw_link& link, random_source& random);
};

parcel small_parcel(std::uint64_t number = 0) {
    parcel p;
    p.from = offender;
    p.number = number;
    return p;
}

std::string random_bytes(std::size_t count, random_source& random) {
    std::string s(count, '\0');
    for (char& c : s) c = static_cast<char>(random());
    return s;
}

frame_header control(frame_kind kind, std::uint16_t handles = 0) {
    frame_header h;
    h.kind = kind;
    h.handles = handles;
    return h;
}

// The same message once for each strange thing, instead of its first handle.
void with_strange_things(raw_link& link, const recording& r) {
    for (const handle& strange : strange_things()) {
        std::vector<const handle*> lent = r.lent();
        if (lent.empty()) std::abort();
        lent.front() = &strange;
        link.write(r.bytes, lent);
    }
}

recording with_its_own_link(raw_link& link, recording r) {
    r.handles.front() = link.stream().duplicate();
    link.write(r.bytes, r.lent());
    return r;
}

recording recorded_sender() {
    parcel p = small_parcel();
    auto [tx, rx] = make_channel<note>();
    p.answer_to = tx;
    return record(std::move(p));
}

recording recorded_receiver() {
    parcel p = small_parcel();
    auto [tx, rx] = make_channel<note>();
    tx.send(note{1, "unread"});
    p.collection = std::move(rx);
    return record(std::move(p));
}

// Something of everything.
recording recorded_parcel(random_source& random) {
    auto [tx, rx] = make_channel<parcel>();
    auto [answers, answered] = make_channel<note>();
    packer by{random(), answers};
    parcel p = by.pack(tx, random());
    p.from = offender;
    p.text.resize(std::min<std::size_t>(p.text.size(), 20'000));
    p.span = {};
    return record(std::move(p));
}

void many_messages(raw_link& link, std::uint64_t (*stamp)(std::uint64_t number, std::uint64_t now)) {
    const std::uint64_t begun = os::now_ns();
    for (std::uint64_t i = 0; i != 2000; ++i) {
        std::string bytes = record(small_parcel(i)).bytes;
        frame_header h = wire::fetch_header(reinterpret_cast<const std::byte*>(bytes.data()));
        h.stamp = stamp(i, begun);
        if (!link.write(h, std::string_view(bytes).substr(wire::header_bytes))) return;
    }
}

// A parcel that lies in a block, said as it should be but for what the caller does.
class block_liar {
public:
    explicit block_liar(raw_link& link) : link_(link), value_(record(small_parcel()).bytes) {
        value_.erase(0, wire::header_bytes);
        error_code ec;
        memory_ = detail::block_memory::make(bytes, ec);
        if (ec) std::abort();
        restore();
    }

    static constexpr std::size_t bytes = 64u << 10;

    void say(std::uint32_t id, bool is_new, const handle* memory) {
        const std::string reference =
            block_reference(id, is_new ? 1 : 0, wire::header_bytes, value_.size(), bytes);
        frame_header h = whole(reference.size(), memory == nullptr ? 0 : 1);
        h.flags |= wire::flag_block;
        std::vector<const handle*> lent;
        if (memory != nullptr) lent.push_back(memory);
        link_.write(h, reference, lent);
    }
    void introduce(std::uint32_t id) { say(id, true, &memory_->memory()); }

    void restore() { std::memcpy(at(), value_.data(), value_.size()); }
    std::byte* at() { return memory_->bytes().data() + wire::header_bytes; }
    std::size_t value_bytes() const { return value_.size(); }

private:
    raw_link& link_;
    std::string value_;
    std::unique_ptr<detail::block_memory> memory_;
};

// What the receiver writes back.
std::optional<frame_header> next_frame(const raw_link& link) {
    std::byte bytes[wire::header_bytes];
    if (::recv(link.stream().native_handle(), bytes, sizeof(bytes), MSG_WAITALL) != sizeof(bytes))
        return std::nullopt;
    return wire::fetch_header(bytes);
}

// Writes over what it sent while it is read.
void scribble(raw_link& link, random_source& random) {
    block_liar liar(link);
    std::atomic<bool> done{false};
    std::thread scribbler([&, seed = random()] {
        random_source r(seed);
        while (!done) {
            auto* at = reinterpret_cast<volatile unsigned char*>(liar.at()) + r() % liar.value_bytes();
            const auto old = *at;
            *at = static_cast<unsigned char>(r());
            if (r() % 2 == 0) *at = old;
            if (r() % 64 == 0) liar.restore();
        }
    });
    liar.introduce(1);
    for (std::uint32_t id = 1, rounds = 0; rounds != 2000; ++rounds) {
        const std::optional<frame_header> released = next_frame(link);
        if (!released) break;
        if ((released->flags & wire::flag_for_good) != 0)
            liar.introduce(++id);
        else
            liar.say(id, false, nullptr);
    }
    done = true;
    scribbler.join();
}

// As far as its own sender helps: loans, written over after they were sent.
void scribble_over_loans(raw_link& link, random_source& random) {
    sender<parcel> tx(detail::link_sender::make(link.stream().duplicate(), first_identity<parcel>(),
                          {}, {}),
        {});
    for (std::uint64_t i = 0; i != 100; ++i) {
        auto memory = tx.allocate<std::uint64_t>(12'000);
        auto* at = reinterpret_cast<volatile std::uint64_t*>(memory.data());
        parcel p = small_parcel(i);
        p.span = std::move(memory);
        error_code ec;
        tx.send(std::move(p), ec);
        if (ec) return;
        for (int k = 0; k != 2000; ++k) at[random() % 12'000] = random();
    }
}

// Tries to change what it sent, which would show in its exit code.
void change_regions(raw_link& link, random_source&) {
    for (int i = 0; i != 20; ++i) {
        parcel p = small_parcel();
        p.memory = shared_memory::copy_of(pattern(offender, 70'000));
        const recording r = record(std::move(p));
        link.write(r.bytes, r.lent());
        const int fd = r.handles.front().native_handle();
        const bool is_changed =
            ::ftruncate(fd, 0) == 0 || ::ftruncate(fd, 1 << 20) == 0 || ::pwrite(fd, "x", 1, 0) == 1 ||
            ::fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 4096) == 0 ||
            ::mmap(nullptr, 1, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) != MAP_FAILED;
        if (is_changed && os::has_seals) std::abort();
    }
}

void flood_of_adoptions(raw_link& link, random_source&) {
    std::vector<handle> kept;
    for (int i = 0; i != 5000; ++i) {
        auto [ours, theirs] = connected_streams();
        if (i % 25 == 0) kept.push_back(std::move(theirs));
        if (!link.write(control(frame_kind::adopt, 1), {}, {&ours})) return;
    }
}

// On links of their own, so that each is looked at.
void changed_messages(raw_link& link, random_source& random) {
    for (int i = 0; i != 200; ++i) {
        auto [ours, theirs] = connected_streams();
        recording r = recorded_parcel(random);
        for (auto n = random() % 4 + 1; n != 0; --n)
            r.bytes[random() % r.bytes.size()] = static_cast<char>(random());
        if (!link.write(control(frame_kind::adopt, 1), {}, {&ours})) return;
        raw_link other(std::move(theirs));
        other.write(r.bytes, r.lent());
    }
}

const error_code violation = error::protocol_violation;
const std::vector<error_code> costs_a_message{error::bad_message, error::bad_attachment};
const std::vector<error_code> anything{error::bad_message, error::bad_attachment,
    error::handles_lost, error::type_mismatch, error::protocol_violation, error::message_too_large,
    error::too_many_handles, error::too_many_links, error::unsupported_class_version};

const offence offences[] = {
    {"garbage, with all kinds of handles", anything, offence::ends,
        [](raw_link& l, random_source& random) {
            const std::vector<handle> things = strange_things();
            for (int i = 0; i != 100; ++i) {
                std::vector<const handle*> lent;
                for (const handle& h : things)
                    if (random() % 4 == 0) lent.push_back(&h);
                if (!l.write(random_bytes(random() % 3000 + 1, random), lent)) return;
            }
        }},
    {"messages with some bytes changed", anything, offence::lasts, &changed_messages},
    {"half a header", {}, offence::lasts,
        [](raw_link& l, random_source&) { l.write(record(small_parcel()).bytes.substr(0, 10)); }},
    {"half a payload", {}, offence::lasts,
        [](raw_link& l, random_source&) { l.write(record(small_parcel()).bytes.substr(0, 30)); }},
    {"half a message, with handles", {violation}, offence::ends,
        [](raw_link& l, random_source&) {
            const std::vector<handle> things = strange_things();
            frame_header h = whole(1000, things.size());
            h.flags = 0;
            h.message_bytes = 5000;
            h.message_handles *= 2;
            std::vector<const handle*> lent;
            for (const handle& t : things) lent.push_back(&t);
            l.write(h, std::string(1000, 'h'), lent);
        }},
    {"a message of 64 MiB in fragments of one byte, without end", {}, offence::lasts,
        [](raw_link& l, random_source&) {
            frame_header h = whole(1);
            h.flags = 0;
            h.message_bytes = 64u << 20;
            for (int i = 0; i != 3000; ++i) l.write(h, "f");
        }},
    {"a hundred descriptors where there is one", {violation}, offence::ends,
        [](raw_link& l, random_source&) {
            const handle zero(::open("/dev/zero", O_RDWR | O_CLOEXEC));
            const std::vector<const handle*> hundred(100, &zero);
            l.write(raw_link::frame(whole(8, 1), std::string(8, '\0')), hundred);
        }},
    {"descriptors on the bytes between frames", {violation}, offence::ends,
        [](raw_link& l, random_source&) {
            const std::string bytes = record(small_parcel()).bytes;
            const handle zero(::open("/dev/zero", O_RDWR | O_CLOEXEC));
            l.write(bytes + bytes.substr(0, 20));
            l.write(bytes.substr(20), {&zero});
            l.write(bytes);
        }},
    {"strange things as files", {}, offence::lasts,
        [](raw_link& l, random_source&) {
            parcel p = small_parcel();
            p.files.push_back(make_pipe().read);
            with_strange_things(l, record(std::move(p)));
        }},
    {"its own link as a file", {}, offence::lasts,
        [](raw_link& l, random_source&) {
            parcel p = small_parcel();
            p.files.push_back(make_pipe().read);
            with_its_own_link(l, record(std::move(p)));
        }},
    {"strange things as senders", {error::bad_attachment}, offence::lasts,
        [](raw_link& l, random_source&) { with_strange_things(l, recorded_sender()); }},
    {"strange things as receivers", {error::bad_attachment}, offence::lasts,
        [](raw_link& l, random_source&) { with_strange_things(l, recorded_receiver()); }},
    // It is answered there, and the answer is no parcel; then the link is parked, which was never lent.
    {"its own link as a sender", {error::bad_message, violation}, offence::either,
        [](raw_link& l, random_source&) { with_its_own_link(l, recorded_sender()); }},
    // Both sides of a connection, again: that receiver sees its end.
    {"its own link as a receiver", {}, offence::lasts,
        [](raw_link& l, random_source&) { with_its_own_link(l, recorded_receiver()); }},
    {"its own link as a further link", {violation}, offence::ends,
        [](raw_link& l, random_source&) {
            const handle own = l.stream().duplicate();
            l.write(control(frame_kind::adopt, 1), {}, {&own});
        }},
    {"messages from the beginning of time", {}, offence::lasts,
        [](raw_link& l, random_source&) {
            many_messages(l, [](std::uint64_t, std::uint64_t) -> std::uint64_t { return 0; });
        }},
    {"messages from the end of time", {}, offence::lasts,
        [](raw_link& l, random_source&) {
            many_messages(l, [](std::uint64_t, std::uint64_t) { return ~std::uint64_t(0); });
        }},
    {"messages ever older", {}, offence::lasts,
        [](raw_link& l, random_source&) {
            many_messages(l, [](std::uint64_t i, std::uint64_t now) { return now - i * 1000; });
        }},
    {"messages ever newer than now", {}, offence::lasts,
        [](raw_link& l, random_source&) {
            many_messages(l, [](std::uint64_t i, std::uint64_t now) {
                return now + i * 1'000'000'000;
            });
        }},
    {"one memory for two blocks", {}, offence::lasts,
        [](raw_link& l, random_source&) {
            block_liar liar(l);
            for (std::uint32_t id = 1; id != 50; ++id) liar.introduce(id);
        }},
    {"strange things as memory of a block", anything, offence::lasts,
        [](raw_link& l, random_source&) {
            block_liar liar(l);
            for (const handle& strange : strange_things()) liar.say(1, true, &strange);
        }},
    {"its own link as memory of a block", anything, offence::lasts,
        [](raw_link& l, random_source&) { block_liar(l).say(1, true, &l.stream()); }},
    {"a block that was never said", {violation}, offence::ends,
        [](raw_link& l, random_source&) { block_liar(l).say(7, false, nullptr); }},
    {"writing over blocks that are read", costs_a_message, offence::lasts, &scribble},
    {"writing over loans that are looked at", {}, offence::lasts, &scribble_over_loans},
    {"changing regions that were sent", {}, offence::lasts, &change_regions},
    {"a flood of links", {error::too_many_links}, offence::lasts, &flood_of_adoptions},
    {"a flood of wants", {}, offence::lasts,
        [](raw_link& l, random_source&) {
            for (int i = 0; i != 10'000; ++i) l.write(control(frame_kind::want));
        }},
    {"a flood of withdrawn messages", {}, offence::lasts,
        [](raw_link& l, random_source&) {
            frame_header h = whole(100);
            h.flags = 0;
            h.message_bytes = 1000;
            for (int i = 0; i != 3000; ++i) {
                l.write(h, std::string(100, 'w'));
                l.write(control(frame_kind::withdraw));
            }
        }},
    {"messages of another type", {error::bad_message}, offence::lasts,
        [](raw_link& l, random_source&) {
            for (std::uint64_t i = 0; i != 50; ++i) l.write(record(note{i, "no parcel"}).bytes);
        }},
};

struct hostility {
    handle stream;
    std::uint64_t seed = 0;
    sender<note> committed;
    receiver<note> stay;  // until its end
};

constexpr int is_served = 10;
constexpr int is_ended = 11;

STRAIT_TEST_ROLE(hostile_peer) {
    hostility h = order_from_parent<hostility>();
    raw_link link(std::move(h.stream));
    random_source random(h.seed);
    offences[std::atoi(args[0])].commit(link, random);
    h.committed.send(note{});
    error_code ec;
    h.stay.recv(ec);
    return link.is_ended() ? is_ended : is_served;
}

STRAIT_TEST_ROLE(hostile_neighbour) {
    return produce(order_from_parent<production>());
}

// A receiver with an honest producer and a hostile one.
class siege {
public:
    siege(std::size_t which, std::uint64_t seed)
        : offence_(offences[which]), hostile_("hostile_peer", {std::to_string(which)}) {
        auto [committed, is_committed] = make_channel<note>();
        auto [stay, until] = make_channel<note>();
        committed_ = std::move(is_committed);
        stay_ = std::move(stay);
        honest_.start({channel_.honest, book_.for_child(), 0, count, sending_way::blocking, false});
        hostility h{channel_.raw.stream().duplicate(), seed, std::move(committed), std::move(until)};
        hostile_.start(std::move(h));
        channel_.raw.close();
        channel_.rx.on_fault([this](const strait::fault& f) { told_.push_back(f.code); });
    }

    void withstand() {
        // What was done before this marker was sent is read before it is received.
        while (!is_marked_ || all_.next(0) != count) {
            receive_one();
            if (!channel_.honest.is_open()) continue;
            error_code ec;
            committed_.try_recv(ec);
            if (ec == asio::error::would_block) continue;
            BOOST_TEST_REQUIRE(!ec, ec.message());
            parcel p;
            p.from = marker;
            channel_.honest.send(std::move(p));
            channel_.honest.close();
        }
        stay_.close();
        keeps_ = false;  // not its own link, which would not end then
        kept_.clear();
        error_code ec;
        for (parcel p = channel_.rx.recv(ec); !ec; p = channel_.rx.recv(ec)) look_at(p);
        BOOST_TEST(ec == asio::error::eof, ec.message());
        const exit_status seen = hostile_.process().wait();
        const bool is_right = seen == exit_status{is_served}  ? offence_.link != offence::ends
                              : seen == exit_status{is_ended} ? offence_.link != offence::lasts
                                                              : false;
        BOOST_TEST(is_right, seen);
        BOOST_TEST(honest_.process().wait() == exit_status{sent_all});
        BOOST_TEST(told_.empty() == offence_.faults.empty());
        BOOST_TEST(channel_.rx.faults() == told_.size());
        for (const error_code& ec_told : told_)
            BOOST_TEST((std::ranges::count(offence_.faults, ec_told) != 0), ec_told.message());
    }

private:
    static constexpr std::uint64_t count = 20;

    static limits bounds() {
        limits l;
        l.max_adopted_per_link = 100;
        return l;
    }

    void receive_one() {
        error_code ec;
        parcel p = channel_.rx.recv_for(1ms, ec);
        if (ec == asio::error::timed_out) return;
        BOOST_TEST_REQUIRE(!ec, ec.message());
        look_at(p);
    }

    void look_at(parcel& p) {
        if (p.from == 0) return all_.take(p);
        if (p.from == marker) {
            is_marked_ = true;
            return;
        }
        // Whatever it is, it can be looked at.
        for (const handle& h : p.files) BOOST_TEST(h.is_open());
        for (const std::byte b : p.memory.bytes()) sum_ += static_cast<unsigned>(b);
        for (const std::uint64_t n : p.span) sum_ += n;
        error_code ec;
        if (p.answer_to) p.answer_to->try_send(note{1, {}}, ec);
        if (p.collection) p.collection->try_recv(ec);
        if (kept_.size() == 16) kept_.clear();
        if (keeps_) kept_.push_back(std::move(p));
    }

    const offence& offence_;
    const ledger book_;
    contested_channel<parcel> channel_{bounds()};
    peer<production> honest_{"hostile_neighbour"};
    peer<hostility> hostile_;
    receiver<note> committed_;
    sender<note> stay_;
    std::vector<error_code> told_;
    arrivals all_;
    bool is_marked_ = false;
    bool keeps_ = true;
    std::uint64_t sum_ = 0;
    std::vector<parcel> kept_;
};

// What a receiving process says that should only listen.
struct retort {
    const char* what;
    void (*say)(raw_link& link, random_source& random);
};

frame_header answer(frame_kind kind, std::uint32_t number = 0, std::uint8_t flags = 0) {
    frame_header h;
    h.kind = kind;
    h.message_bytes = number;
    h.flags = flags;
    return h;
}

// Writes what the socket takes: the sender may not read before its receiver does.
void mutter(const raw_link& link, const frame_header& h, const handle* carried = nullptr) {
    const std::string bytes = raw_link::frame(h);
    const detail::piece whole{reinterpret_cast<const std::byte*>(bytes.data()), bytes.size()};
    std::vector<const handle*> lent;
    if (carried != nullptr) lent.push_back(carried);
    static_cast<void>(os::send_some(link.stream(), {&whole, 1}, lent));
}

const retort retorts[] = {
    {"nothing", [](raw_link&, random_source&) {}},
    {"garbage", [](raw_link& l, random_source& r) { l.write(random_bytes(5000, r)); }},
    {"half a frame", [](raw_link& l, random_source&) { l.write(std::string(11, '\5')); }},
    {"greetings without end",
        [](raw_link& l, random_source&) {
            for (int i = 0; i != 2000; ++i) mutter(l, answer(frame_kind::hello));
        }},
    {"a message", [](raw_link& l, random_source&) { l.write(record(note{1, "back"}).bytes); }},
    {"links to be adopted",
        [](raw_link& l, random_source&) {
            const auto pair = connected_streams();
            l.write(control(frame_kind::adopt, 1), {}, {&pair.first});
        }},
    {"strange things on a greeting",
        [](raw_link& l, random_source&) {
            for (const handle& h : strange_things())
                mutter(l, control(frame_kind::hello, 1), &h);
        }},
    {"that it has read blocks which it never had",
        [](raw_link& l, random_source&) {
            for (std::uint32_t id = 0; id != 1000; ++id) mutter(l, answer(frame_kind::release, id));
        }},
    {"that it keeps every block",
        [](raw_link& l, random_source&) {
            for (std::uint32_t id = 1; id != 1000; ++id)
                mutter(l, answer(frame_kind::release, id, wire::flag_for_good));
        }},
    {"what only senders say",
        [](raw_link& l, random_source&) {
            for (const frame_kind k : {frame_kind::withdraw, frame_kind::park, frame_kind::want,
                     frame_kind::forget})
                mutter(l, answer(k));
        }},
};

struct hearing {
    handle stream;
    std::uint64_t seed = 0;
};

// Says it all at once, after the first bytes, and takes what comes until the end.
STRAIT_TEST_ROLE(hostile_listener) {
    hearing h = order_from_parent<hearing>();
    raw_link link(std::move(h.stream));
    random_source random(h.seed);
    char bytes[4096];
    for (bool said = false;;) {
        const auto n = ::recv(link.stream().native_handle(), bytes, sizeof(bytes), 0);
        if (n <= 0) return 0;
        if (!said) retorts[std::atoi(args[0])].say(link, random);
        said = true;
    }
}

constexpr const char* ways_to_connect[] = {"silent", "half", "garbage", "handles", "type",
    "connects and dies", "asks and dies", "floods"};

STRAIT_TEST_ROLE(hostile_honest_visitor) {
    // On a busy machine it may come to its word later than a client has time for.
    error_code ec = asio::error::connection_reset;
    sender<parcel> tx;
    while (ec == asio::error::connection_reset)
        tx = strait::connect<parcel>(strait::endpoint(args[0]), ec);
    if (ec) return 1;
    packer by{0};
    for (std::uint64_t i = 0; i != 5; ++i) tx.send(by.pack(tx, i));
    return 0;
}

// A client of a listener, that is none.
STRAIT_TEST_ROLE(hostile_visitor) {
    const endpoint at(args[0]);
    const std::string_view way = args[1];
    error_code ec;
    if (way == "type") {
        strait::connect<note>(at, ec);
        return ec == error::type_mismatch ? 0 : 1;
    }
    raw_link link(os::connect_to(at, ec));
    if (ec) return 2;
    const auto type = detail::identity_of<parcel>();
    detail::channel_identity identity;
    identity.fingerprint = type.fingerprint;
    identity.type_name = type.name;
    const auto encoded = detail::encode_greeting(detail::answer_code::none, identity);
    const std::string greeting(reinterpret_cast<const char*>(encoded.data()), encoded.size());
    random_source random(1);
    if (way == "half") link.write(greeting.substr(0, 9));
    if (way == "garbage") link.write(random_bytes(3000, random));
    if (way == "handles") link.write(greeting, {&link.stream()});
    if (way == "connects and dies") return ::raise(SIGKILL);
    if (way == "asks and dies") {
        link.write(greeting);
        return ::raise(SIGKILL);
    }
    if (way == "floods")
        while (link.write(random_bytes(3000, random))) {
        }
    // Until it is sent away.
    char c;
    while (::recv(link.stream().native_handle(), &c, 1, 0) > 0) {
    }
    return 0;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(peers, clean_fixture)

BOOST_AUTO_TEST_CASE(a_hostile_producer_costs_itself_and_nobody_else) {
    trial t("hostile producers", 1);
    t.run([&](random_source& random) {
        for (std::size_t i = 0; i != std::size(offences); ++i) {
            BOOST_TEST_CONTEXT(offences[i].what) {
                const watchdog dog(offences[i].what, patience() * 3 / 4);
                const resources before = resources::held();
                siege(i, random()).withstand();
                BOOST_TEST(difference(before, resources::held()) == "");
            }
        }
    });
}

BOOST_AUTO_TEST_CASE(a_hostile_receiver_costs_its_senders_nothing_but_the_channel) {
    trial t("hostile receivers", 3);
    t.run([&](random_source& random) {
        for (std::size_t i = 0; i != std::size(retorts); ++i) {
            BOOST_TEST_CONTEXT(retorts[i].what) {
                const watchdog dog(retorts[i].what, patience() * 3 / 4);
                auto [ours, theirs] = connected_streams();
                peer<hearing> child("hostile_listener", {std::to_string(i)});
                child.start({std::move(theirs), random()});
                const ledger book;
                packer by{0};
                error_code ec;
                {
                    sender<parcel> tx(detail::link_sender::make(std::move(ours),
                                          first_identity<parcel>(), {}, {}),
                        {});
                    const auto way = static_cast<sending_way>(random() % 3);
                    send_parcels(tx, by, book.page(), 100, way, ec);
                }
                BOOST_TEST((!ec || ec == asio::error::broken_pipe), ec.message());
                BOOST_TEST(child.process().wait() == exit_status{0});
            }
        }
    });
}

BOOST_AUTO_TEST_CASE(hostile_clients_of_a_listener_keep_nobody_from_being_served) {
    constexpr std::uint64_t count = 5;
    trial t("hostile clients", 3);
    t.run([&](random_source& random) {
        const endpoint at = random() % 2 == 0 ? endpoint::path(t.folder / "socket")
                                              : endpoint::generate();
        strait::listener_options options;
        options.handshake_time = 20ms;
        strait::listener<parcel> names(at, options);
        std::vector<error_code> told;
        names.on_fault([&](const strait::fault& f, const strait::peer&) { told.push_back(f.code); });
        std::vector<child_process> visitors;
        for (const char* way : ways_to_connect)
            visitors.push_back(child_process("hostile_visitor", {at.to_string(), way}));
        for (std::uint64_t i = 0; i != count; ++i) {
            child_process honest("hostile_honest_visitor", {at.to_string()});
            for (bool served = false; !served;) {
                auto client = names.accept();
                error_code ec;
                for (parcel p = client.first.recv(ec); !ec; p = client.first.recv(ec)) {
                    BOOST_TEST(fault_of(p) == "");
                    served = true;
                }
                BOOST_TEST(ec == asio::error::eof, ec.message());
            }
            BOOST_TEST(honest.wait() == exit_status{0});
        }
        error_code ec;
        while (!std::all_of(visitors.begin(), visitors.end(),
            [](const child_process& v) { return v.has_ended(); }))
            names.accept_for(1ms, ec);
        // The one that asked and died may be a client, and those that died may not have been looked at.
        BOOST_TEST(names.faults() >= std::size(ways_to_connect) - 2);
        for (std::size_t i = 0; i != visitors.size(); ++i) {
            const exit_status status = visitors[i].wait();
            BOOST_TEST((status == exit_status{0} || status == killed),
                ways_to_connect[i] << status);
        }
    });
}

BOOST_AUTO_TEST_SUITE_END()
