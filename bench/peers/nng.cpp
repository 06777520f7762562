//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "peers/transport.hpp"

#include <nng/nng.h>
#include <nng/protocol/pipeline0/pull.h>
#include <nng/protocol/pipeline0/push.h>
#include <nng/protocol/reqrep0/rep.h>
#include <nng/protocol/reqrep0/req.h>
#include <cstring>
#include <stdexcept>

// nng over ipc://: PUSH and PULL one way, REQ and REP for round trips, with nng_msg, which spares a
// copy on each side.

namespace bench::peers {

namespace {

void check(int result) {
    if (result != 0) throw std::runtime_error(nng_strerror(result));
}

class nng_end {
public:
    explicit nng_end(int (*open)(nng_socket*)) {
        check(open(&socket_));
        // By default nothing beyond 1 MiB is received.
        check(nng_socket_set_size(socket_, NNG_OPT_RECVMAXSZ, 0));
    }
    nng_end(const nng_end&) = delete;
    nng_end& operator=(const nng_end&) = delete;
    ~nng_end() { nng_close(socket_); }

    void listen(const std::string& url) { check(nng_listen(socket_, url.c_str(), nullptr, 0)); }
    void dial(const std::string& url) { check(nng_dial(socket_, url.c_str(), nullptr, 0)); }

    void send(const any_bytes& content) {
        nng_msg* m = nullptr;
        check(nng_msg_alloc(&m, content.size()));
        std::memcpy(nng_msg_body(m), content.data(), content.size());
        check(nng_sendmsg(socket_, m, 0));
    }
    glimpse receive() {
        nng_msg* m = nullptr;
        check(nng_recvmsg(socket_, &m, 0));
        const glimpse seen = look_at(nng_msg_body(m), nng_msg_len(m));
        nng_msg_free(m);
        return seen;
    }
    void send_back_one() {
        nng_msg* m = nullptr;
        check(nng_recvmsg(socket_, &m, 0));
        check(nng_sendmsg(socket_, m, 0));
    }

private:
    nng_socket socket_{};
};

class nng_client : public client {
public:
    explicit nng_client(meeting& m)
        : end_(m.what == pattern::one_way ? nng_push0_open : nng_req0_open) {
        end_.dial(m.url());
    }

    void send(const any_bytes& message) override { end_.send(message); }
    glimpse call(const any_bytes& message) override {
        end_.send(message);
        return end_.receive();
    }

private:
    nng_end end_;
};

class nng_server : public server {
public:
    explicit nng_server(meeting& m)
        : end_(m.what == pattern::one_way ? nng_pull0_open : nng_rep0_open) {
        end_.listen(m.url());
    }

    glimpse receive() override { return end_.receive(); }
    void answer() override { end_.send_back_one(); }

private:
    nng_end end_;
};

}  // namespace

transport nng() {
    return {
        .name = "nng",
        .make_client = make_client<nng_client>,
        .make_server = make_server<nng_server>};
}

}  // namespace bench::peers
