//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "contract/raw_link.hpp"
#include "hostile/producers.hpp"
#include "hostile/trial.hpp"
#include "posix/local_socket.hpp"
#include "support/context_fixture.hpp"
#include "support/watchdog.hpp"

#include <strait/listener.hpp>
#include <strait/process.hpp>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <sys/resource.h>

// What becomes of operations when the system has nothing left to give: the documented error, nothing
// lost but what it says, and everything usable again once there is room.

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
namespace errc = boost::system::errc;

namespace {

namespace detail = strait::detail;

void set_limit(int which, rlim_t to) {
    rlimit limit{};
    ::getrlimit(static_cast<__rlimit_resource>(which), &limit);
    limit.rlim_cur = std::min(to, limit.rlim_max);
    ::setrlimit(static_cast<__rlimit_resource>(which), &limit);
}

// Lets this process open so many descriptors more: fills the gaps in the numbers, and sets the limit.
class scarce_descriptors {
public:
    explicit scarce_descriptors(int spare) {
        ::getrlimit(RLIMIT_NOFILE, &before_);
        int highest = 0;
        for (int fd = 0; fd != 1024; ++fd)
            if (::fcntl(fd, F_GETFD) != -1) highest = fd;
        for (int fd = ::dup(0); fd != -1; fd = ::dup(0)) {
            if (fd > highest) {
                ::close(fd);
                break;
            }
            fillers_.emplace_back(fd);
        }
        set_limit(RLIMIT_NOFILE, static_cast<rlim_t>(highest + 1 + spare));
    }
    ~scarce_descriptors() { ::setrlimit(RLIMIT_NOFILE, &before_); }
    scarce_descriptors(const scarce_descriptors&) = delete;
    scarce_descriptors& operator=(const scarce_descriptors&) = delete;

private:
    rlimit before_{};
    std::vector<handle> fillers_;
};

// How many descriptors `attempt` needs: it is made with none to spare, then with ever more, until it
// reports no error. Failing again and again leaves nothing. (What it made it keeps in `result`, so that
// making it and dropping it are not under the same want.)
template <class Result>
int needed(const std::function<Result(error_code&)>& attempt,
    const std::vector<error_code>& allowed, std::optional<Result>* kept = nullptr) {
    for (int spare = 0; spare != 100; ++spare) {
        std::optional<resources> before;
        // Twice: the first time may leave a link that is ready for the next.
        for (int time = 0; time != 2; ++time) {
            error_code ec;
            std::optional<Result> result;
            {
                const scarce_descriptors scarce(spare);
                result.emplace(attempt(ec));
            }
            if (!ec) {
                if (kept != nullptr) kept->emplace(std::move(*result));
                return spare;
            }
            result.reset();
            BOOST_TEST_REQUIRE((std::ranges::count(allowed, ec) != 0), ec.message());
            BOOST_TEST_REQUIRE(!strait::is_fatal(ec));
            const resources after = resources::held();
            if (before) BOOST_TEST_REQUIRE(difference(*before, after) == "");
            before = after;
        }
    }
    BOOST_FAIL("never works");
    return -1;
}

const error_code out_of_descriptors(EMFILE, boost::system::system_category());

// Says so, and what it took.
void tell(const char* what, int spare) {
    std::cout << what << ": works with " << spare << " descriptors to spare\n";
}

parcel with_files(std::size_t count) {
    parcel p;
    for (std::size_t i = 0; i != count; ++i) p.files.push_back(make_pipe().read);
    return p;
}

struct scarce_receiver {
    receiver<parcel> in;
    receiver<note> spare;  // how many descriptors, once it is told
    sender<note> result;   // how many parcels, and then how many faults
};

STRAIT_TEST_ROLE(starved_receiver) {
    scarce_receiver r = order_from_parent<scarce_receiver>();
    const auto spare = static_cast<int>(r.spare.recv().number);
    std::uint64_t count = 0;
    {
        const scarce_descriptors scarce(spare);
        error_code ec;
        for (parcel p = r.in.recv(ec); !ec; p = r.in.recv(ec)) ++count;
        if (ec != asio::error::eof) return 1;
    }
    r.result.send(note{count, {}});
    r.result.send(note{r.in.faults(), {}});
    return 0;
}

STRAIT_TEST_ROLE(starved_producer) {
    production p = order_from_parent<production>();
    const ledger book(std::move(p.book));
    error_code ec;
    for (std::uint64_t i = 0; i != p.count && !ec; ++i) {
        ++book->of[p.from].begun;
        p.out.send(parcel(), ec);
        if (!ec) ++book->of[p.from].completed;
    }
    if (ec && ec != asio::error::broken_pipe) return 1;
    return ec ? receiver_was_gone : sent_all;
}

STRAIT_TEST_ROLE(starved_nobody) {
    auto in = strait::inherited::take();
    auto tx = in.take<sender<note>>("tx");
    tx.send(note{7, {}});
    return 0;
}

// No memory of more than so many bytes can be had by any one call.
constexpr rlim_t little_memory = 1u << 20;

#define STARVED_EXPECT(condition)                                   \
    if (!(condition)) {                                             \
        std::fprintf(stderr, "line %d: %s: %s\n", __LINE__, #condition, ec.message().c_str()); \
        return __LINE__ % 120 + 1;                                  \
    }

// A limit of the size of files holds for memory that has no name, too.
STRAIT_TEST_ROLE(starved_of_file_bytes) {
    auto [tx, rx] = make_channel<parcel>();
    set_limit(RLIMIT_FSIZE, little_memory);
    error_code ec;
    STARVED_EXPECT(shared_memory::filled(2 * little_memory, std::byte{1}, ec).empty());
    STARVED_EXPECT(ec == asio::error::no_buffer_space);
    // Where the value would lie in a block or a loan, it finds another way, or says that there is none.
    parcel p;
    p.text = pattern(1, 3 * little_memory);
    p.span = tx.allocate<std::uint64_t>(little_memory / 4, ec);
    STARVED_EXPECT(!ec || ec == asio::error::no_buffer_space);
    std::thread receiving([in = std::move(rx)]() mutable {
        error_code e;
        for (parcel got = in.recv(e); !e; got = in.recv(e))
            if (!got.text.empty() && got.text != pattern(1, 3 * little_memory)) std::abort();
    });
    tx.send(p, ec);
    STARVED_EXPECT(!ec || ec == asio::error::no_buffer_space);
    set_limit(RLIMIT_FSIZE, RLIM_INFINITY);
    ec = {};
    STARVED_EXPECT(!shared_memory::filled(2 * little_memory, std::byte{1}, ec).empty());
    tx.send(std::move(p), ec);
    STARVED_EXPECT(!ec);
    tx.close();
    receiving.join();
    return 0;
}

std::size_t status_kib(const char* name) {
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);)
        if (line.starts_with(name)) return std::strtoul(line.c_str() + std::strlen(name) + 1, nullptr, 10);
    return 0;
}

// A sender that cannot have the memory for a value, then a receiver that cannot.
STRAIT_TEST_ROLE(starved_of_addresses) {
    constexpr std::size_t much = 60u << 20;
    auto [tx, rx] = make_channel<parcel>();
    parcel large;
    large.text = std::string(much, 'm');
    error_code ec;
    const auto scarce = [] { set_limit(RLIMIT_AS, (status_kib("VmSize") + 10'000) * 1024); };
    const auto plenty = [] { set_limit(RLIMIT_AS, RLIM_INFINITY); };
    scarce();
    STARVED_EXPECT(shared_memory::filled(much, std::byte{1}, ec).empty());
    STARVED_EXPECT(ec == asio::error::no_buffer_space);
    tx.try_send(large, ec);
    STARVED_EXPECT(ec == asio::error::no_buffer_space);
    STARVED_EXPECT(!strait::is_fatal(ec));
    plenty();
    ec = {};
    tx.try_send(large, ec);
    STARVED_EXPECT(!ec);
    large = {};
    scarce();
    rx.deliver_faults(true);
    parcel got = rx.recv(ec);
    STARVED_EXPECT(ec);
    STARVED_EXPECT(!strait::is_fatal(ec));
    std::printf("a receiver without addresses: %s\n", ec.message().c_str());
    plenty();
    tx.send(parcel(), ec);
    STARVED_EXPECT(!ec);
    got = rx.recv(ec);
    STARVED_EXPECT(!ec);
    return 0;
}

// As a user whose handles in flight are counted, and of whom nobody else is.
STRAIT_TEST_ROLE(starved_of_handles_in_flight) {
    const auto user = static_cast<uid_t>(1'000'000 + ::getpid());
    set_limit(RLIMIT_NOFILE, 200);
    if (::setgid(user) != 0 || ::setuid(user) != 0) return 77;
    auto [tx, rx] = make_channel<parcel>();
    error_code ec;
    for (int round = 0; round != 3; ++round) {
        auto [other, other_rx] = make_channel<note>();
        std::uint64_t in_flight = 0;
        const pipe_ends pipe = make_pipe();
        for (ec = {}; in_flight != 1000;) {
            parcel p;
            for (int i = 0; i != 10; ++i) p.files.push_back(pipe.read.duplicate());
            tx.try_send(p, ec);
            if (ec) {
                STARVED_EXPECT(p.files.size() == 10);
                break;
            }
            in_flight += 10;
        }
        if (round == 0) std::printf("handles in flight, of 200: %d\n", static_cast<int>(in_flight));
        STARVED_EXPECT(ec == asio::error::no_buffer_space);
        STARVED_EXPECT(!strait::is_fatal(ec));
        // What carries none goes.
        tx.send(parcel(), ec);
        STARVED_EXPECT(!ec);
        // An end is a handle, too.
        parcel end;
        end.answer_to = other;
        tx.try_send(end, ec);
        STARVED_EXPECT(ec == asio::error::no_buffer_space);
        STARVED_EXPECT(end.answer_to->is_open());
        for (std::uint64_t i = 0; i != in_flight / 10; ++i) STARVED_EXPECT(rx.recv(ec).files.size() == 10);
        STARVED_EXPECT(rx.recv(ec).files.empty() && !ec);
        tx.send(std::move(end), ec);
        STARVED_EXPECT(!ec);
        rx.recv(ec).answer_to->send(note{1, {}}, ec);
        STARVED_EXPECT(other_rx.recv(ec).number == 1 && !ec);
    }
    STARVED_EXPECT(rx.faults() == 0);
    return 0;
}

STRAIT_TEST_ROLE(starved_visitor) {
    auto tx = strait::connect<note>(endpoint(args[0]));
    tx.send(note{5, {}});
    return 0;
}

struct flood {
    handle stream;
    receiver<note> until;  // its end
    std::uint64_t links = 0;
};

// Writes messages to many links of its own as fast as they are taken, and heeds nobody.
STRAIT_TEST_ROLE(starving_flooder) {
    flood f = order_from_parent<flood>();
    raw_link first(std::move(f.stream));
    std::vector<handle> all;
    for (std::uint64_t i = 0; i != f.links; ++i) {
        auto [ours, theirs] = connected_streams();
        wire::frame_header h;
        h.kind = wire::frame_kind::adopt;
        h.handles = 1;
        first.write(h, {}, {&ours});
        all.push_back(std::move(theirs));
    }
    parcel p;
    p.from = 1;
    p.text = std::string(16'000, 'f');
    std::string bytes = record(std::move(p)).bytes;
    wire::frame_header h = wire::fetch_header(reinterpret_cast<const std::byte*>(bytes.data()));
    error_code ec;
    while (f.until.try_recv(ec), ec == asio::error::would_block) {
        bool is_full = true;
        for (const handle& link : all) {
            h.stamp = os::now_ns();
            wire::store_header(h, reinterpret_cast<std::byte*>(bytes.data()));
            const detail::piece whole{reinterpret_cast<const std::byte*>(bytes.data()), bytes.size()};
            is_full = os::send_some(link, {&whole, 1}, {}).ec && is_full;
        }
        if (is_full) std::this_thread::yield();
    }
    return 0;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(starvation, context_fixture)

BOOST_AUTO_TEST_CASE(what_lacks_descriptors_fails_whole_and_works_later) {
    if (sanitizer_needs_descriptors) return;
    const std::vector<error_code> all{out_of_descriptors};
    using channel_of_notes = std::pair<sender<note>, receiver<note>>;
    tell("make_channel", needed<channel_of_notes>([](error_code& ec) {
        return make_channel<note>(asio::any_io_executor(), {}, ec);
    }, all));
    tell("shared_memory", needed<shared_memory>([](error_code& ec) {
        return shared_memory::filled(10'000, std::byte{1}, ec);
    }, all));
    const endpoint at = endpoint::generate();
    tell("listener", needed<strait::listener<note>>([&](error_code& ec) {
        strait::listener<note> names;
        names.open(at, ec);
        return names;
    }, all));
    auto [tx, rx] = make_channel<parcel>();
    auto [carried, far_end] = make_channel<note>();
    tell("sending a sender", needed<int>([&, &to = tx, &end = carried](error_code& ec) {
        parcel p;
        p.answer_to = end;
        to.send(p, ec);
        return 0;
    }, all));
    BOOST_TEST(rx.recv().answer_to->is_open());
    tell("sending a receiver", needed<int>([&, &to = tx, &end = far_end](error_code& ec) {
        parcel p;
        p.collection = std::move(end);
        to.send(p, ec);
        if (ec) end = std::move(*p.collection);
        return 0;
    }, all));
    carried.send(note{3, {}});
    BOOST_TEST(rx.recv().collection->recv().number == 3u);
    tell("sending much", needed<int>([&, &to = tx](error_code& ec) {
        parcel p;
        p.text = std::string(200'000, 't');
        to.try_send(p, ec);
        return 0;
    }, {out_of_descriptors, asio::error::would_block, error::message_too_large}));
    BOOST_TEST(rx.recv().text.size() == 200'000u);
    tell("sending loans", needed<int>([&, &to = tx](error_code& ec) {
        parcel p;
        p.span = to.allocate<std::uint64_t>(20'000, ec);
        if (!ec) to.try_send(p, ec);
        return 0;
    }, {out_of_descriptors, asio::error::would_block, error::message_too_large}));
    BOOST_TEST(rx.recv().span.size() == 20'000u);
}

BOOST_AUTO_TEST_CASE(connecting_without_descriptors_fails_whole_and_works_later) {
    if (sanitizer_needs_descriptors) return;
    const endpoint at = endpoint::generate();
    strait::listener<note> names(context, at);
    std::optional<receiver<note>> served;
    names.async_accept([&](error_code ec, receiver<note> rx, strait::peer) {
        BOOST_TEST(!ec);
        served = std::move(rx);
    });
    const std::function<sender<note>(error_code&)> attempt = [&](error_code& ec) {
        sender<note> tx;
        std::optional<error_code> done;
        strait::async_connect<note>(context, at, [&](error_code e, sender<note> s) {
            done = e;
            tx = std::move(s);
        });
        context.restart();
        // A listener without descriptors waits for better times, and its client with it.
        for (int i = 0; i != 100 && !done; ++i) context.poll();
        ec = done.value_or(asio::error::would_block);
        return tx;
    };
    // Of this process are both sides: what the client has the listener lacks.
    error_code ec;
    for (int spare = 0; spare != 2; ++spare) {
        const scarce_descriptors scarce(spare);
        sender<note> tx = strait::connect_for<note>(at, 1ms, ec);
        BOOST_TEST((ec == out_of_descriptors || ec == asio::error::timed_out), ec.message());
        BOOST_TEST(!tx.is_open());
    }
    sender<note> tx = attempt(ec);
    if (ec == asio::error::would_block) run();
    BOOST_TEST((!ec || ec == asio::error::would_block), ec.message());
    context.restart();
    names.close();
    run();
}

BOOST_AUTO_TEST_CASE(starting_a_child_without_descriptors_fails_whole_and_works_later) {
    if (sanitizer_needs_descriptors) return;
    auto [tx, rx] = make_channel<note>();
    strait::process_options options(self_path());
    options.argument("--role=starved_nobody").give("tx", std::move(tx));
    std::optional<strait::process> child;
    tell("starting a child", needed<strait::process>([&](error_code& ec) {
        return strait::process::start(options, ec);
    }, {out_of_descriptors}, &child));
    BOOST_TEST(rx.recv().number == 7u);
    expect_end(rx);
    BOOST_TEST(child->wait().code() == 0);
}

// The message with the handles is what it costs, and the receiver says so.
BOOST_AUTO_TEST_CASE(a_receiver_without_descriptors_reports_what_it_had_to_drop) {
    if (sanitizer_needs_descriptors) return;
    for (int spare = 0; spare != 8; ++spare) {
        auto [tx, rx] = make_channel<parcel>();
        const resources before = resources::held();
        for (const std::size_t files : {0u, 1u, 5u, 3u, 0u}) tx.send(with_files(files));
        std::size_t lost = 0;
        std::size_t got = 0;
        rx.deliver_faults(true);
        {
            const scarce_descriptors scarce(spare);
            for (int i = 0; i != 5; ++i) {
                error_code ec;
                const parcel p = rx.recv(ec);
                if (ec) BOOST_TEST(ec == error::handles_lost, ec.message());
                lost += !!ec;
                got += p.files.size();
            }
        }
        BOOST_TEST(lost == rx.faults());
        // More than one message may be read at a time.
        if (spare == 0) BOOST_TEST(got == 0u);
        tx.send(with_files(5));
        BOOST_TEST(rx.recv().files.size() == 5u);
        BOOST_TEST(difference(before, resources::held()) == "");
    }
}

// Producers get links that the receiver has no descriptors for.
BOOST_AUTO_TEST_CASE(senders_that_a_receiver_has_no_descriptors_for_are_told_and_so_is_it) {
    if (sanitizer_needs_descriptors) return;
    constexpr std::uint64_t count = 5;
    constexpr std::uint64_t producers = 3;
    for (std::uint64_t spare = 0; spare != 8; ++spare) {
        const ledger book;
        auto [tx, rx] = make_channel<parcel>();
        auto [tell_spare, spares] = make_channel<note>();
        auto [result, results] = make_channel<note>();
        peer<scarce_receiver> child("starved_receiver");
        child.start({std::move(rx), std::move(spares), std::move(result)});
        tell_spare.send(note{spare, {}});
        std::vector<std::unique_ptr<peer<production>>> all;
        for (std::uint64_t i = 0; i != producers; ++i) {
            all.push_back(std::make_unique<peer<production>>("starved_producer"));
            all[i]->start({tx, book.for_child(), i, count, sending_way::blocking, false});
        }
        for (std::uint64_t i = 0; i != count; ++i) tx.send(parcel());
        tx.close();
        std::uint64_t completed = count;
        int refused = 0;
        for (std::uint64_t i = 0; i != producers; ++i) {
            const exit_status status = all[i]->process().wait();
            BOOST_TEST((status == exit_status{sent_all} || status == exit_status{receiver_was_gone}),
                status);
            refused += status == exit_status{receiver_was_gone};
            completed += book->of[i].completed;
        }
        const std::uint64_t received = results.recv().number;
        const std::uint64_t faults = results.recv().number;
        BOOST_TEST(child.process().wait() == exit_status{0});
        std::cout << spare << " to spare: " << received << " of " << completed << " received, " << faults
                  << " faults, " << refused << " of " << producers << " producers told\n";
        BOOST_TEST(received >= count);
        BOOST_TEST(received <= completed);
        if (received != completed || refused != 0) BOOST_TEST(faults != 0u);
    }
}

BOOST_AUTO_TEST_CASE(without_memory_operations_fail_whole_and_work_later) {
    for (const char* role : {"starved_of_file_bytes", "starved_of_addresses"}) {
        if (is_sanitized && role == std::string_view("starved_of_addresses")) continue;
        BOOST_TEST_CONTEXT(role) {
            child_process child(role);
            BOOST_TEST(child.wait() == exit_status{0});
        }
    }
}

BOOST_AUTO_TEST_CASE(too_many_handles_in_flight_are_an_error_until_some_have_arrived) {
    child_process child("starved_of_handles_in_flight");
    const exit_status status = child.wait();
    if (status == exit_status{77}) return;  // nobody else can become another user
    BOOST_TEST(status == exit_status{0});
}

BOOST_AUTO_TEST_CASE(a_full_queue_of_a_listener_is_waited_for_and_served) {
    const endpoint at = endpoint::generate();
    strait::listener<note> names(at);
    std::vector<handle> queued;
    error_code ec;
    while (queued.size() != 10'000) {
        handle h = os::connect_to(at, ec);
        if (ec) break;
        queued.push_back(std::move(h));
    }
    std::cout << queued.size() << " connections wait: " << ec.message() << '\n';
    if (!ec) return;  // this system has room for more than this
    BOOST_TEST((ec == asio::error::would_block || ec == errc::too_many_files_open), ec.message());
    strait::connect_for<note>(at, 5ms, ec);
    BOOST_TEST((ec == asio::error::timed_out || ec == errc::too_many_files_open), ec.message());
    child_process visitor("starved_visitor", {at.to_string()});
    auto client = names.accept();
    BOOST_TEST(client.second.pid() == visitor.pid());
    receiver<note> rx = std::move(client.first);
    BOOST_TEST(rx.recv().number == 5u);
    expect_end(rx);
    BOOST_TEST(visitor.wait() == exit_status{0});
}

// A thousand links that write all the time, of processes that heed nobody.
BOOST_AUTO_TEST_CASE(a_thousand_flooding_senders_leave_room_for_a_polite_one) {
    constexpr std::uint64_t flooders = 4;
    constexpr std::uint64_t links = 250;
    limits bounds;
    bounds.max_inbox_bytes = 8u << 20;
    bounds.max_message_bytes = 1u << 20;
    contested_channel<parcel> channel(bounds);
    std::vector<std::unique_ptr<peer<flood>>> children;
    std::vector<sender<note>> ends;
    for (std::uint64_t i = 0; i != flooders; ++i) {
        auto [ours, theirs] = connected_streams();
        wire::frame_header h;
        h.kind = wire::frame_kind::adopt;
        h.handles = 1;
        channel.raw.write(h, {}, {&ours});
        auto [go, stop] = make_channel<note>();
        ends.push_back(std::move(go));
        children.push_back(std::make_unique<peer<flood>>("starving_flooder"));
        children[i]->start({std::move(theirs), std::move(stop), links});
    }
    channel.raw.close();
    const std::size_t before_kib = status_kib("VmRSS");
    std::size_t most_kib = 0;
    std::uint64_t flooded = 0;
    for (std::uint64_t polite = 1; polite != 6; ++polite) {
        parcel p;
        p.number = polite;
        channel.honest.send(std::move(p));
        for (bool served = false; !served; ++flooded) {
            const parcel got = channel.rx.recv();
            served = got.from == 0;
            if (served) BOOST_TEST(got.number == polite);
            if (flooded % 500 == 0) most_kib = std::max(most_kib, status_kib("VmRSS"));
        }
    }
    ends.clear();
    channel.honest.close();
    error_code ec;
    for (parcel got = channel.rx.recv(ec); !ec; got = channel.rx.recv(ec)) ++flooded;
    BOOST_TEST(ec == asio::error::eof, ec.message());
    for (auto& child : children) BOOST_TEST(child->process().wait() == exit_status{0});
    // 64 KiB for each link, and what the limit says for all; some for the program itself.
    const std::size_t bound_kib = flooders * links * 64 + 8 * 1024;
    const std::size_t grown_kib = most_kib > before_kib ? most_kib - before_kib : 0;
    std::cout << flooders * links << " links, " << flooded << " messages: grown by " << grown_kib
              << " KiB, bound " << bound_kib << " KiB\n";
    if (!is_sanitized) BOOST_TEST(grown_kib <= bound_kib + 16 * 1024);
}

BOOST_AUTO_TEST_SUITE_END()
