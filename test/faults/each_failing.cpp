//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "faults/each_failing.hpp"

#include <boost/asio/error.hpp>
#include <boost/test/unit_test.hpp>

#include <cerrno>
#include <cstring>
#include <iostream>

namespace strait::test {

namespace asio = boost::asio;

bool outcome::is_what_failed() const {
    if (!failed) return false;
    if (ec == error_code(why, boost::system::system_category())) return true;
    switch (why) {
    case EAGAIN: return ec == asio::error::would_block;
    case ENOBUFS:
    case ENOMEM:
    case ENOSPC:
    case ETOOMANYREFS: return ec == asio::error::no_buffer_space;
    case EPIPE:
    case ECONNRESET:
        return ec == asio::error::broken_pipe || ec == asio::error::connection_reset ||
               ec == asio::error::eof;
    default: return false;
    }
}

fault_fixture::~fault_fixture() {
    std::cout << failures << " failures\n";
}

void fault_fixture::each_failing(const std::function<void(std::uint64_t n)>& prepare,
    const std::function<error_code()>& operation,
    const std::function<void(std::uint64_t n, const outcome&)>& check) {
    std::uint64_t number = 0;
    for (const fault_row& row : all_faults()) {
        for (const int why : row.errors) {
            for (std::uint64_t n = 0;; ++n, ++number) {
                BOOST_TEST_CONTEXT(row.name << " " << n << ": " << std::strerror(why)) {
                    BOOST_REQUIRE(n != 1000u);
                    prepare(number);
                    outcome o;
                    o.call = row.call;
                    o.why = why;
                    {
                        const failing_call one(row.call, why, n);
                        try {
                            o.ec = operation();
                        } catch (const boost::system::system_error& e) {
                            o.ec = e.code();
                        }
                        o.failed = failing_call::has_failed();
                    }
                    if (!o.failed || why == EINTR) BOOST_TEST(!o.ec, o.ec.message());
                    check(number, o);
                    failures += o.failed;
                    if (!o.failed) break;
                }
            }
        }
    }
}

void fault_fixture::run_through(const std::function<bool()>& done) {
    context.restart();
    for (;;) {
        try {
            while (!done())
                if (context.run_one() == 0) return;
            return;
        } catch (const boost::system::system_error&) {
        }
    }
}

}  // namespace strait::test
