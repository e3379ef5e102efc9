// Interrupts off, stack and zeroed memory, then main. The flash's boot loader is not part of the model.
    .section .text.entry,"ax"
    .literal_position
    .global _start
    .align 4
_start:
    movi a2, 0x2f
    wsr.ps a2
    rsync
    movi a1, _stack_top
    movi a2, _bss_start
    movi a3, _bss_end
    movi a4, 0
1:  bgeu a2, a3, 2f
    s32i a4, a2, 0
    addi a2, a2, 4
    j 1b
2:  call0 main
3:  j 3b
