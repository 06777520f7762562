//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "contract/two_processes.hpp"
#include "support/context_fixture.hpp"

#include <array>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <optional>
#include <set>
#include <thread>

using namespace strait::test;
using strait::error_code;
using strait::handle;
using strait::receiver;
using strait::sender;

namespace {

// Everything outside of processes that a program of this kind could leave behind: whatever is called
// so. (Other programs of the machine come and go.)
bool is_ours(const std::string& name) {
    return name.find("strait") != std::string::npos || name.find("/st-") != std::string::npos;
}

struct leavings {
    std::set<std::string> names;

    static leavings now() {
        leavings all;
        for (const char* folder : {"/dev/shm", "/tmp", "/dev/mqueue", "/run"}) {
            std::error_code ec;
            for (const auto& entry : std::filesystem::directory_iterator(folder, ec))
                if (is_ours(entry.path().string())) all.names.insert(entry.path().string());
        }
        std::ifstream sockets("/proc/net/unix");
        for (std::string line; std::getline(sockets, line);)
            if (const auto at = line.find_first_of("@/"); at != std::string::npos)
                if (is_ours(line.substr(at))) all.names.insert(line.substr(at));
        return all;
    }

    std::vector<std::string> since(const leavings& before) const {
        std::vector<std::string> all;
        for (const std::string& name : names)
            if (!before.names.contains(name)) all.push_back(name);
        return all;
    }
};

bool is_running(std::int64_t pid) {
    std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
    std::string text;
    std::getline(file, text);
    const auto at = text.rfind(')');
    return at != std::string::npos && text.size() > at + 2 && text[at + 2] != 'Z';
}

struct family_ends {
    std::optional<sender<std::uint64_t>> pids;
    std::optional<handle> alive;  // the writing end of a pipe, held by each of the family
};

// Holds on, reading what never comes.
STRAIT_TEST_ROLE(c14_descendant) {
    auto in = strait::inherited::take();
    auto alive = in.take<handle>("alive");
    auto work = in.take<receiver<note>>("work");
    in.take<sender<std::uint64_t>>("pids").send(static_cast<std::uint64_t>(::getpid()));
    for (;;) {
        error_code ec;
        work.recv(ec);
        if (ec) ::pause();  // does not even end by itself
    }
}

// Starts children, keeps busy with every kind of thing, and waits to be killed.
STRAIT_TEST_ROLE(c14_head_of_family) {
    auto start = from_parent<family_ends>();
    family_ends e = start.recv();
    std::vector<strait::process> children;
    std::vector<sender<note>> work;
    for (int i = 0; i != 3; ++i) {
        auto [tx, rx] = new_channel<note>();
        strait::process_options options(self_path());
        options.argument("--role=c14_descendant");
        options.give("pids", *e.pids).give("work", std::move(rx));
        options.give("alive", e.alive->duplicate());
        children.push_back(strait::process::start(options));
        tx.send(page(1));
        tx.try_send(note{2, std::string(1u << 20, 'm')});  // in memory
        work.push_back(std::move(tx));
    }
    e.pids->send(static_cast<std::uint64_t>(::getpid()));
    for (;;) ::pause();
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(c14_clean, context_fixture)

BOOST_AUTO_TEST_CASE(a_family_whose_head_is_killed_leaves_nothing, *over_links()) {
    const leavings before = leavings::now();
    for (const int signal : {SIGKILL, SIGTERM, SIGSEGV}) {
        auto [pids, their_pids] = new_channel<std::uint64_t>();
        pipe_ends alive = make_pipe();
        peer<family_ends> head("c14_head_of_family");
        head.start({std::move(pids), std::move(alive.write)});
        std::array<std::uint64_t, 4> family{};
        for (auto& pid : family) pid = their_pids.recv();
        BOOST_TEST(leavings::now().since(before).empty());
        head.process().kill(signal);
        head.process().wait();
        char c;
        BOOST_TEST(::read(alive.read.native_handle(), &c, 1) == 0);  // when the last one is gone
        // The last descriptor is closed an instant before the end.
        for (const auto pid : family)
            while (is_running(static_cast<std::int64_t>(pid))) std::this_thread::yield();
        expect_end(their_pids);
    }
    BOOST_TEST(leavings::now().since(before).empty());
}

BOOST_AUTO_TEST_CASE(a_program_that_ends_in_order_leaves_nothing_and_no_zombie) {
    const leavings before = leavings::now();
    {
        std::vector<strait::process> children;
        for (int i = 0; i != 3; ++i) {
            auto options = strait::process_options("/bin/true");
            children.push_back(strait::process::start(options));
        }
        for (auto& child : children) BOOST_TEST(child.wait().success());
        auto options = strait::process_options("/bin/sleep");
        options.argument("1000");
        children.push_back(strait::process::start(options));
    }  // the one that runs is killed here
    // Starting another one takes it off the process table.
    std::int64_t last = 0;
    for (bool others = true; others;) {
        auto options = strait::process_options("/bin/true");
        auto child = strait::process::start(options);
        child.wait();
        last = child.pid();
        others = false;
        for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
            std::ifstream file(entry.path() / "stat");
            std::string stat;
            std::getline(file, stat);
            const auto at = stat.rfind(") ");
            if (at == std::string::npos) continue;
            const std::string parent = stat.substr(at + 4, stat.find(' ', at + 4) - at - 4);
            others = others || parent == std::to_string(::getpid());
        }
    }
    BOOST_TEST(last > 0);
    BOOST_TEST(leavings::now().since(before).empty());
}

BOOST_AUTO_TEST_SUITE_END()
