//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "peers/transport.hpp"

#include <zmq.h>
#include <cstring>
#include <stdexcept>

// ZeroMQ over ipc://: PUSH and PULL one way, REQ and REP for round trips. The context has one
// thread for input and output, as by default.

namespace bench::peers {

namespace {

void check(bool fine) {
    if (!fine) throw std::runtime_error(zmq_strerror(zmq_errno()));
}

class message {
public:
    message() { zmq_msg_init(&part_); }
    explicit message(const any_bytes& content) {
        check(zmq_msg_init_size(&part_, content.size()) == 0);
        std::memcpy(zmq_msg_data(&part_), content.data(), content.size());
    }
    message(const message&) = delete;
    message& operator=(const message&) = delete;
    ~message() { zmq_msg_close(&part_); }

    zmq_msg_t* get() { return &part_; }
    glimpse look() { return look_at(zmq_msg_data(&part_), zmq_msg_size(&part_)); }

private:
    zmq_msg_t part_;
};

class zeromq_socket {
public:
    explicit zeromq_socket(int type)
        : context_(zmq_ctx_new()), socket_(zmq_socket(context_, type)) {
        check(socket_ != nullptr);
    }
    zeromq_socket(const zeromq_socket&) = delete;
    zeromq_socket& operator=(const zeromq_socket&) = delete;
    ~zeromq_socket() {
        zmq_close(socket_);
        zmq_ctx_term(context_);
    }

    void bind(const std::string& url) { check(zmq_bind(socket_, url.c_str()) == 0); }
    void connect(const std::string& url) { check(zmq_connect(socket_, url.c_str()) == 0); }

    // The message is empty when it was sent.
    void send(message& m) { check(zmq_msg_send(m.get(), socket_, 0) >= 0); }
    void receive(message& m) { check(zmq_msg_recv(m.get(), socket_, 0) >= 0); }

private:
    void* context_;
    void* socket_;
};

class zeromq_client : public client {
public:
    explicit zeromq_client(meeting& m) : socket_(m.what == pattern::one_way ? ZMQ_PUSH : ZMQ_REQ) {
        socket_.connect(m.url());
    }

    void send(const any_bytes& content) override {
        message m(content);
        socket_.send(m);
    }
    glimpse call(const any_bytes& content) override {
        send(content);
        message came;
        socket_.receive(came);
        return came.look();
    }

private:
    zeromq_socket socket_;
};

class zeromq_server : public server {
public:
    explicit zeromq_server(meeting& m) : socket_(m.what == pattern::one_way ? ZMQ_PULL : ZMQ_REP) {
        socket_.bind(m.url());
    }

    glimpse receive() override {
        message came;
        socket_.receive(came);
        return came.look();
    }
    void answer() override {
        message m;
        socket_.receive(m);
        socket_.send(m);
    }

private:
    zeromq_socket socket_;
};

}  // namespace

transport zeromq() {
    return {
        .name = "ZeroMQ",
        .make_client = make_client<zeromq_client>,
        .make_server = make_server<zeromq_server>};
}

}  // namespace bench::peers
