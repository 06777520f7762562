//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "process/names.hpp"
#include "support/sanitized.hpp"

#include <csignal>
#include <filesystem>
#include <fstream>
#include <set>

#include <sys/resource.h>
#include <sys/stat.h>

using namespace strait;
using namespace strait::test;
using namespace std::chrono_literals;
using strait::test::line_of_text;

namespace {

// The runtime directory of this process and its children, for a while.
class runtime_directory {
public:
    explicit runtime_directory(const std::filesystem::path& path) {
        const char* old = std::getenv("XDG_RUNTIME_DIR");
        if (old != nullptr) old_ = old;
        ::setenv("XDG_RUNTIME_DIR", path.c_str(), 1);
    }
    ~runtime_directory() {
        if (old_.empty())
            ::unsetenv("XDG_RUNTIME_DIR");
        else
            ::setenv("XDG_RUNTIME_DIR", old_.c_str(), 1);
    }

private:
    std::string old_;
};

// The number that the next descriptor would get: as a limit it lets no further one be made.
int lowest_free_descriptor() {
    const int number = ::dup(0);
    ::close(number);
    return number;
}

}  // namespace

// Listens at the first name, says at the second how that went, and waits to be killed.
STRAIT_TEST_ROLE(names_take) {
    error_code ec;
    strait::listener<line_of_text> names;
    names.open(endpoint(args[0]), ec);
    auto report = connect<line_of_text>(endpoint(args[1]));
    report.send(line_of_text{ec ? 0 : 1, ec ? ec.message() : names.local_endpoint().to_string()});
    report.close();
    if (ec) return 0;
    for (;;) ::pause();
}

namespace {

struct fixture : names_fixture {
    endpoint results = endpoint::generate();
    strait::listener<line_of_text> reports{results};

    child_process taker(const endpoint& at) {
        return child_process("names_take", {at.to_string(), results.to_string()});
    }
    line_of_text next_report() { return reports.accept().first.recv(); }

    // A server at the name that was killed.
    void leave_stale(const endpoint& at) {
        auto server = taker(at);
        const line_of_text report = next_report();
        BOOST_TEST_REQUIRE(report.number == 1, report.text);
        server.kill(SIGKILL);
        server.wait();
    }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(stale_names, fixture)

BOOST_AUTO_TEST_CASE(a_live_listener_keeps_its_name) {
    for (const endpoint& at : some_endpoints()) {
        strait::listener<line_of_text> names(at);
        error_code ec;
        strait::listener<line_of_text> second;
        second.open(at, ec);
        BOOST_TEST(ec == asio::error::address_in_use);
        BOOST_TEST(!second.is_open());
        auto other = taker(at);
        BOOST_TEST(next_report().number == 0);
        other.wait();
        // None of them took anything away from it.
        auto client = sending_client(at, 1);
        BOOST_TEST(names.accept().first.recv().number == 1);
        client.wait();
    }
}

BOOST_AUTO_TEST_CASE(a_name_can_be_used_again_right_after_close) {
    for (const endpoint& at : some_endpoints())
        for (int i = 0; i != 20; ++i) {
            strait::listener<line_of_text> names(context, at);
            async_connect<line_of_text>(context, at, [](error_code ec, sender<line_of_text>) {
                BOOST_TEST(!ec);
            });
            names.async_accept([](error_code ec, receiver<line_of_text>, strait::peer) {
                BOOST_TEST(!ec);
            });
            run();
        }
    BOOST_TEST(files.is_empty());
}

BOOST_AUTO_TEST_CASE(what_a_killed_server_left_is_taken_over) {
    for (const endpoint& at : some_endpoints()) {
        leave_stale(at);
        error_code ec;
        connect<line_of_text>(at, ec);
        BOOST_TEST(ec == asio::error::connection_refused);
        strait::listener<line_of_text> names(at);
        auto client = sending_client(at, 1);
        BOOST_TEST(names.accept().first.recv().number == 1);
        client.wait();
    }
    BOOST_TEST(files.is_empty());
}

// Removing a stale file before binding lets two of them win (nng #1567, iceoryx2 #1578).
BOOST_AUTO_TEST_CASE(of_many_that_want_a_stale_name_at_once_exactly_one_gets_it) {
    for (int round = 0; round != 5; ++round) {
        const endpoint at = files.at("socket");
        leave_stale(at);
        std::vector<child_process> all;
        for (int i = 0; i != 6; ++i) all.push_back(taker(at));
        int winners = 0;
        for (int i = 0; i != 6; ++i) winners += next_report().number;
        BOOST_TEST(winners == 1);
    }
}

BOOST_AUTO_TEST_CASE(a_file_that_is_no_socket_is_not_touched) {
    const endpoint at = files.at("notes.txt");
    std::ofstream(at.name()) << "text";
    error_code ec;
    strait::listener<line_of_text> names;
    names.open(at, ec);
    BOOST_TEST(ec == asio::error::address_in_use);
    BOOST_TEST(std::filesystem::file_size(at.name()) == 4u);
    BOOST_TEST(!std::filesystem::exists(at.name() + ".lock"));
}

// A server that knows nothing of the lock is asked by connecting to it.
BOOST_AUTO_TEST_CASE(a_foreign_server_keeps_its_name_while_it_lives) {
    const endpoint at = files.at("socket");
    error_code ec;
    const auto address = os::socket_address::of(at, ec);
    {
        const handle foreign = os::new_socket(ec);
        BOOST_TEST(::bind(foreign.native_handle(), address.get(), address.bytes) == 0);
        BOOST_TEST(::listen(foreign.native_handle(), 0) == 0);
        for (int i = 0; i != 3; ++i) {  // also when its queue is full
            strait::listener<line_of_text> names;
            names.open(at, ec);
            BOOST_TEST(ec == asio::error::address_in_use);
        }
    }
    strait::listener<line_of_text> names(at);
    BOOST_TEST(names.is_open());
}

BOOST_AUTO_TEST_CASE(what_somebody_put_in_the_place_of_the_socket_is_not_removed) {
    const endpoint at = files.at("socket");
    {
        strait::listener<line_of_text> names(at);
        std::filesystem::remove(at.name());
        std::ofstream(at.name()) << "text";
    }
    BOOST_TEST(std::filesystem::exists(at.name()));
    BOOST_TEST(!std::filesystem::exists(at.name() + ".lock"));
}

BOOST_AUTO_TEST_CASE(the_name_given_up_is_the_one_taken_though_the_directory_changed) {
    const auto before = std::filesystem::current_path();
    std::filesystem::current_path(files.path());
    {
        strait::listener<line_of_text> names(endpoint::path("socket"));
        std::filesystem::current_path(before);
        BOOST_TEST(std::filesystem::exists(files.at("socket").name()));
    }
    BOOST_TEST(files.is_empty());
}

BOOST_AUTO_TEST_CASE(private_directories_of_killed_servers_go_when_the_next_is_made) {
    const runtime_directory here(files.path());
    std::filesystem::create_directory(files.path() / "strait-and-something-else");
    std::set<std::filesystem::path> left;
    const auto look = [&] {
        left.clear();
        for (const auto& e : std::filesystem::directory_iterator(files.path()))
            left.insert(e.path());
    };
    for (int i = 0; i != 2; ++i) leave_stale(endpoint::generate_path());
    const endpoint alive = endpoint::generate_path();
    auto server = taker(alive);
    BOOST_TEST(next_report().number == 1);
    look();
    BOOST_TEST(left.size() == 2u);  // that of the live one, and what is none of ours
    {
        strait::listener<line_of_text> names(endpoint::generate_path());
        look();
        BOOST_TEST(left.size() == 3u);
    }
    look();
    BOOST_TEST(left.contains(std::filesystem::path(alive.name()).parent_path()));
}

// dbus-broker #435: a server that runs out of descriptors spins or dies.
BOOST_AUTO_TEST_CASE(running_out_of_descriptors_pauses_accepting_and_ends_nothing) {
    if (sanitizer_needs_descriptors) return;
    const endpoint at = endpoint::generate();
    strait::listener<line_of_text> names(context, at);
    std::vector<error_code> told;
    names.on_fault([&](const fault& f, const strait::peer&) { told.push_back(f.code); });
    bool accepted = false;
    names.async_accept([&](error_code ec, receiver<line_of_text> rx, strait::peer) {
        BOOST_TEST(!ec);
        BOOST_TEST(rx.is_open());
        accepted = true;
    });
    context.poll();
    auto client = sending_client(at, 0);
    const int lowest_free = lowest_free_descriptor();
    rlimit before{};
    ::getrlimit(RLIMIT_NOFILE, &before);
    rlimit tight = before;
    tight.rlim_cur = static_cast<rlim_t>(lowest_free);
    BOOST_TEST(::setrlimit(RLIMIT_NOFILE, &tight) == 0);
    std::size_t steps = 0;
    while (told.size() < 3) steps += context.run_one();
    ::setrlimit(RLIMIT_NOFILE, &before);
    BOOST_TEST(!accepted);
    for (const error_code& e : told) BOOST_TEST(e == boost::system::errc::too_many_files_open);
    BOOST_TEST(steps < 12u);  // a few for each attempt, of which there are ten a second
    run();
    BOOST_TEST(accepted);
    client.wait();
}

BOOST_AUTO_TEST_CASE(a_blocking_accept_outlasts_a_want_of_descriptors) {
    if (sanitizer_needs_descriptors) return;
    const endpoint at = endpoint::generate();
    strait::listener<line_of_text> names(at);
    rlimit before{};
    ::getrlimit(RLIMIT_NOFILE, &before);
    auto client = sending_client(at, 1);
    rlimit tight = before;
    tight.rlim_cur = static_cast<rlim_t>(lowest_free_descriptor());
    ::setrlimit(RLIMIT_NOFILE, &tight);
    error_code ec;
    names.accept_for(250ms, ec);
    BOOST_TEST(ec == asio::error::timed_out);
    ::setrlimit(RLIMIT_NOFILE, &before);
    BOOST_TEST(names.accept().first.recv().number == 1);
    client.wait();
}

BOOST_AUTO_TEST_SUITE_END()
