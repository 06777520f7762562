//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "support/channels.hpp"
#include "support/child_process.hpp"
#include "support/context_fixture.hpp"
#include "support/roles.hpp"
#include "support/sanitized.hpp"

#include <strait.hpp>

#include <boost/asio/io_context.hpp>

#include <array>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <initializer_list>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

// Which system calls each operation needs once its ends are there: a process that may use no others
// does it. docs/design/security.md has the same table.

using namespace std::chrono_literals;
using namespace strait::test;
namespace asio = boost::asio;

namespace {

using value = std::array<std::uint8_t, 64>;

struct note {
    std::uint64_t number = 0;
    std::vector<std::uint64_t> data;
    std::optional<strait::sender<value>> out;
    std::optional<strait::receiver<value>> in;
    std::optional<strait::handle> file;
    std::optional<strait::shared_memory> memory;
};

// Made before the filter is.
struct things {
    asio::io_context context;
    std::pair<strait::sender<note>, strait::receiver<note>> notes =
        strait::make_channel<note>(context);
    std::pair<strait::sender<value>, strait::receiver<value>> values =
        strait::make_channel<value>(context);
    strait::handle file{::open("/dev/null", O_RDONLY | O_CLOEXEC)};

    strait::sender<note>& tx = notes.first;
    strait::receiver<note>& rx = notes.second;

    // So that the context has its reactor.
    things() { exchange(); }

    bool exchange() {
        bool received = false;
        bool sent = false;
        rx.async_recv([&](strait::error_code ec, note n) { received = !ec && n.number == 2; });
        note n;
        n.number = 2;
        tx.async_send(std::move(n), [&](strait::error_code ec) { sent = !ec; });
        context.run();
        context.restart();
        return sent && received;
    }
};

// What any program needs for its memory, its locks and its end; and the text of a failure.
constexpr int basic[] = {SYS_brk, SYS_mmap, SYS_munmap, SYS_mremap, SYS_madvise, SYS_futex, SYS_write,
    SYS_exit_group, SYS_clock_gettime, SYS_rt_sigreturn, SYS_close};

#if defined(SYS_poll)
constexpr int sys_poll = SYS_poll;
constexpr int sys_epoll_wait = SYS_epoll_wait;
#else
constexpr int sys_poll = SYS_ppoll;
constexpr int sys_epoll_wait = SYS_epoll_pwait;
#endif

struct row {
    const char* name;
    std::vector<int> calls;
    bool (*operation)(things&);
};

void require(bool& good, bool condition) {
    good = good && condition;
}

const std::vector<row>& rows() {
    static const std::vector<row> all = {
        {"send_receive", {SYS_sendto, SYS_recvmsg},
            [](things& t) {
                t.tx.send(note{1, {}, {}, {}, {}, {}});
                return t.rx.recv().number == 1;
            }},
        {"wait_for_a_message", {SYS_recvmsg, sys_poll},
            [](things& t) {
                strait::error_code ec;
                t.rx.recv_for(1ms, ec);
                return ec == asio::error::timed_out;
            }},
        {"wait_for_room", {SYS_sendto, SYS_sendmsg, sys_poll, SYS_eventfd2, SYS_read},
            [](things& t) {
                strait::error_code ec;
                while (!ec) t.values.first.send_for(value{}, 1ms, ec);
                return ec == asio::error::timed_out;
            }},
        {"large_value",
            {SYS_sendto, SYS_sendmsg, SYS_recvmsg, SYS_memfd_create, SYS_ftruncate, SYS_fallocate,
                SYS_fcntl, SYS_fstat, SYS_newfstatat, SYS_prlimit64,
                SYS_fstatfs, SYS_openat, SYS_read},
            [](things& t) {
                note n;
                n.data.assign(100'000, 7);
                bool good = true;
                for (int i = 0; i != 3; ++i) {
                    t.tx.send(n);
                    require(good, t.rx.recv().data == n.data);
                }
                return good;
            }},
        {"handle", {SYS_sendmsg, SYS_recvmsg, SYS_fcntl},
            [](things& t) {
                note n;
                n.file = t.file.duplicate();
                t.tx.send(std::move(n));
                return t.rx.recv().file->is_open();
            }},
        {"sender",
            {SYS_sendmsg, SYS_sendto, SYS_recvmsg, SYS_socketpair, SYS_getpeername, SYS_getsockopt,
                SYS_setsockopt, SYS_bind, SYS_epoll_create1, SYS_epoll_ctl, sys_epoll_wait, SYS_ioctl},
            [](things& t) {
                note n;
                n.out = t.values.first;
                t.tx.send(std::move(n));
                note got = t.rx.recv();
                got.out->send(value{3});
                return t.values.second.recv()[0] == 3;
            }},
        {"receiver",
            {SYS_sendmsg, SYS_sendto, SYS_recvmsg, SYS_getpeername, SYS_getsockopt, SYS_bind},
            [](things& t) {
                note n;
                n.in = std::move(t.values.second);
                t.tx.send(std::move(n));
                note got = t.rx.recv();
                t.values.first.send(value{3});
                return got.in->recv()[0] == 3;
            }},
        {"shared_memory",
            {SYS_sendmsg, SYS_recvmsg, SYS_memfd_create, SYS_ftruncate, SYS_fallocate, SYS_fcntl,
                SYS_fstat, SYS_newfstatat, SYS_prlimit64,
                SYS_fstatfs, SYS_openat, SYS_read},
            [](things& t) {
                note n;
                n.memory = strait::shared_memory::copy_of(std::string(100'000, 's'));
                t.tx.send(std::move(n));
                return t.rx.recv().memory->size_bytes() == 100'000;
            }},
        {"asynchronous",
            {SYS_sendto, SYS_recvmsg, SYS_read, sys_epoll_wait, SYS_epoll_ctl, SYS_fcntl, SYS_ioctl},
            [](things& t) { return t.exchange(); }},
        {"make_channel", {SYS_socketpair, SYS_getrandom, SYS_bind, SYS_sendto, SYS_recvmsg},
            [](things&) {
                auto [tx, rx] = strait::make_channel<value>();
                tx.send(value{4});
                return rx.recv()[0] == 4;
            }},
        {"in_process_channel", {SYS_getrandom},
            [](things&) {
                strait::channel_options options;
                options.in_process = true;
                auto [tx, rx] = strait::make_channel<value>(options);
                tx.send(value{4});
                return rx.recv()[0] == 4;
            }},
    };
    return all;
}

[[noreturn]] void on_refused(int, siginfo_t* info, void*) {
    char text[64];
    const int bytes = std::snprintf(text, sizeof(text), "system call %d\n", info->si_syscall);
    [[maybe_unused]] const auto r = ::write(2, text, static_cast<std::size_t>(bytes));
    ::_exit(2);
}

// From here on a call that is not listed ends the process.
bool allow_only(std::span<const int> some, std::span<const int> others) {
    struct sigaction action {};
    action.sa_sigaction = on_refused;
    action.sa_flags = SA_SIGINFO;
    ::sigaction(SIGSYS, &action, nullptr);
    std::vector<sock_filter> program;
    program.push_back(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)));
    for (const auto calls : {some, others}) {
        for (const int call : calls) {
            program.push_back(
                BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<std::uint32_t>(call), 0, 1));
            program.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
        }
    }
    program.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP));
    const sock_fprog all{static_cast<unsigned short>(program.size()), program.data()};
    return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &all) == 0;
}

STRAIT_TEST_ROLE(seccomp_child) {
    const row& r = rows().at(std::strtoul(args[0], nullptr, 10));
    things t;
    if (!allow_only(basic, r.calls)) ::_exit(3);
    try {
        ::_exit(r.operation(t) ? 0 : 4);
    } catch (const std::exception& e) {
        const std::string text = std::string(e.what()) + "\n";
        [[maybe_unused]] const auto written = ::write(2, text.data(), text.size());
        ::_exit(5);
    }
}

}  // namespace

// What a sanitizer does has calls of its own; elsewhere than on Linux, or in its place, it is others.
#if defined(STRAIT_FORCE_PORTABLE)
constexpr bool is_linux_build = false;
#else
constexpr bool is_linux_build = true;
#endif

BOOST_FIXTURE_TEST_SUITE(seccomp, clean_fixture, *only_if(is_linux_build && !is_sanitized))

BOOST_AUTO_TEST_CASE(each_operation_needs_no_other_system_calls_than_those_documented) {
    for (std::size_t i = 0; i != rows().size(); ++i) {
        child_process child("seccomp_child", {std::to_string(i)});
        BOOST_TEST((child.wait() == exit_status{0, 0}), rows()[i].name);
    }
}

BOOST_AUTO_TEST_CASE(a_call_that_is_not_listed_is_refused) {
    // So that the other test can fail.
    const pid_t child = ::fork();
    if (child == 0) {
        if (!allow_only(basic, {})) ::_exit(3);
        ::syscall(SYS_getppid);
        ::_exit(0);
    }
    int status = 0;
    BOOST_REQUIRE_EQUAL(::waitpid(child, &status, 0), child);
    BOOST_TEST(WIFEXITED(status));
    BOOST_TEST(WEXITSTATUS(status) == 2);
}

BOOST_AUTO_TEST_SUITE_END()
